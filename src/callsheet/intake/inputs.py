"""A model's own inputs as a row sets them: by a column each, in one cell together, or as JSON.

What inputs a model has, its card knows; here they are only told apart, cleaned and bounded.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from callsheet.intake.errors import FieldRefusedError, ProblemCode
from callsheet.intake.fields import cleaned_text
from callsheet.intake.limits import Limits
from callsheet.kernel.errors import shown

INPUTS: Final = "inputs"
_ADDRESSED: Final = re.compile(r"inputs?\s*[.:](.+)", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[\s_-]+")
_NAME: Final = re.compile(r"\w{1,100}")
_PAIRS: Final = re.compile(r"[;\n]")
_NEXT_PAIR: Final = re.compile(r",\s*\w+\s*=")  # parted by a comma, which a value may hold
_FORMS: Final = 'write duration_s=10; style=digital_illustration, or {"duration_s": 10}'


def input_key(text: str) -> str:
    """Spell an input's name as cards do; case, spaces and `-` make no difference."""
    return _SEPARATORS.sub("_", text.strip()).casefold()


def input_field(title: str) -> str | None:
    """Name the input that a title such as `inputs.duration_s` addresses; None if it does not."""
    found = _ADDRESSED.fullmatch(title.strip())
    name = input_key(found[1]) if found else ""
    return f"{INPUTS}.{name}" if _NAME.fullmatch(name) else None


def read_inputs(text: str, limits: Limits) -> dict[str, Any]:
    """Read a cell with several inputs: `name=value` parted by `;`, or one JSON object.

    Raises FieldRefusedError.
    """
    if text.lstrip().startswith("{"):
        return bounded_inputs(_object(text), limits)
    pairs: list[tuple[str, str]] = []
    for piece in filter(None, (each.strip() for each in _PAIRS.split(text))):
        name, equals, value = piece.partition("=")
        if not equals or _NEXT_PAIR.search(value):
            raise _refused(f"{shown(piece)!r} sets no input; {_FORMS}")
        pairs.append((name, value))
    return bounded_inputs(_once(pairs), limits)


def bounded_inputs(given: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Clean inputs, by name: text without what nobody sees, nothing too large or too deep.

    One that is blank is not set. Raises FieldRefusedError.
    """
    named = _once([(str(name), value) for name, value in given.items()])
    plain = {name: _plain(value, limits.max_inputs_depth) for name, value in named.items()}
    if len(plain) > limits.max_inputs:
        raise _refused(f"{len(plain)} inputs, {limits.max_inputs} may be set")
    size = len(json.dumps(plain, ensure_ascii=False))
    if size > limits.max_inputs_chars:
        raise _refused(f"the inputs have {size} characters, {limits.max_inputs_chars} are allowed")
    return {name: value for name, value in plain.items() if value != ""}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for written, value in pairs:
        name = input_key(written)
        if not _NAME.fullmatch(name):
            raise _refused(f"{shown(written)!r} is no name of an input; {_FORMS}")
        if name in found:
            raise _refused(f"{name} is set twice; keep one")
        found[name] = value
    return found


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _refused(f"this is no JSON object; {_FORMS}")
    return found


def _plain(value: Any, levels: int) -> Any:
    """Copy a value as JSON can hold it, so many levels deep at most."""
    match value:
        case str():
            return cleaned_text(value).text
        case None | bool() | int():
            return value
        case float() if math.isfinite(value):
            return value
        case list() | dict() if levels <= 1:
            raise _refused("it is nested too deep")
        case list():
            return [_plain(each, levels - 1) for each in value]
        case dict():
            return {str(name): _plain(each, levels - 1) for name, each in value.items()}
        case _:
            raise _refused(f"{shown(value)!r} is no value of an input")


def _refused(message: str) -> FieldRefusedError:
    return FieldRefusedError(ProblemCode.INVALID_INPUTS, message)
