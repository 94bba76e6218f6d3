"""reference/errors.md: every error code."""

import importlib
import pkgutil
import tomllib
from collections.abc import Iterable
from typing import Final

from starlette.requests import Request

import callsheet
from callsheet.intake.errors import BatchInputError, FieldRefusedError, ProblemCode
from callsheet.kernel.errors import (
    CallsheetError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from callsheet.line.errors import ModelInputError
from callsheet.ports.fetching import FetchError
from callsheet.web.failures import answer_error
from generating.marking import SOURCE, WORDS, WordsError, code, sentence, table, words_for

_SET_IN_INSTANCES: Final = (BatchInputError, ModelInputError, FieldRefusedError)
_NOT_IMPORTED: Final = (".sim", ".migrations")  # tools, and what runs only inside alembic
_NOT_MAPPED: Final = 500


def error_classes() -> list[type[CallsheetError]]:
    """Find every error that callsheet raises on purpose."""
    for found in pkgutil.walk_packages(callsheet.__path__, "callsheet."):
        if not any(part in found.name for part in _NOT_IMPORTED):
            importlib.import_module(found.name)
    return sorted(_below(CallsheetError), key=lambda kind: (str(kind.code), kind.__name__))


def _below(kind: type[CallsheetError]) -> set[type[CallsheetError]]:
    named = kind.__module__.startswith("callsheet.") and kind not in _SET_IN_INSTANCES
    nested = (_below(each) for each in kind.__subclasses__())
    return ({kind} if named else set()).union(*nested)


def status_of(kind: type[CallsheetError]) -> str:
    """Ask the web door how it would answer this error."""
    request = Request({"type": "http", "path": "/", "headers": []})
    status = answer_error(request, kind.__new__(kind)).status_code
    return "-" if status == _NOT_MAPPED else str(status)


def advice(kind: type[CallsheetError]) -> str:
    """Tell what to do about an error, by its family."""
    step = getattr(kind, "next_step", None)
    if step is not None:
        return f"`next_step` is `{step}`"
    if issubclass(kind, FetchError):
        return "try again later" if kind.retry else "mend the address"
    families = (
        (UnavailableError, "wait: work goes on by itself, requests may be repeated"),
        (InvalidInputError, "mend what `errors` names, and send it again"),
        (NotFoundError, "check the name, and whose key you use"),
        (ConflictError, "look at the state of the thing first"),
    )
    return next((text for of, text in families if issubclass(kind, of)), "see the message")


def page() -> str:
    """List every error code."""
    intro = (
        "# Errors\n\n"
        "Every error has a `code` that does not change; its message names the field and the value"
        " and says what to do. Over HTTP it comes as a problem document (RFC 9457) with that code;"
        " a row that failed carries `error.code`, a job that waits or failed `problem.code`, and a"
        " command prints the code in brackets. Codes without a status of their own stay inside:"
        " they show in rows and jobs, or at the command line.\n\n"
    )
    rows = [
        (
            code(kind.code),
            code(kind.__name__),
            sentence(kind.__doc__),
            status_of(kind),
            advice(kind),
        )
        for kind in error_classes()
    ]
    of_rows = words_for("rows", map(str, ProblemCode))
    of_places = tomllib.loads(WORDS.read_text())["places"]
    _must_be_in_source(of_places)
    return (
        intro
        + table(("code", "class", "meaning", "HTTP", "what to do"), rows)
        + "\n## What can be wrong with a batch\n\n"
        "A batch is refused as a whole, with everything that is wrong in it: HTTP 422, the first"
        " problem's code, and in `errors` the row and column of each (the first hundred). Rows that"
        " ask for what no model makes are refused likewise, with `unknown_model`, `model_disabled`"
        " or `model_refuses`.\n\n"
        + table(("code", "meaning"), [(code(name), text) for name, text in of_rows.items()])
        + "\n## Codes that are given in one place\n\n"
        + table(("code", "meaning"), [(code(name), text) for name, text in of_places.items()])
    )


def _row(kind: type[CallsheetError]) -> tuple[str, ...]:
    meaning = sentence(kind.__doc__)
    return code(kind.code), code(kind.__name__), meaning, status_of(kind), advice(kind)


def _must_be_in_source(names: Iterable[str]) -> None:
    text = "".join(path.read_text() for path in SOURCE.rglob("*.py"))
    gone = [name for name in names if f'"{name}"' not in text]
    if gone:
        raise WordsError("places", (), gone)
