"""reference/events.md: every log event and kind of journal entry."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from generating.marking import SOURCE, code, table, words_for


@dataclass(frozen=True)
class Event:
    """A place in the source that logs, or writes into the journal."""

    name: str
    level: str = ""
    fields: tuple[str, ...] = ()


_LEVELS: Final = {"exception": "error", **{n: n for n in ("info", "warning", "error", "critical")}}


def logged() -> list[Event]:
    """Find every event that is logged, by reading the source."""
    return _collected(_logged)


def _logged(call: ast.Call) -> Event | None:
    if not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)):
        return None
    if call.func.value.id not in ("LOG", "_LOG") or call.func.attr not in _LEVELS:
        return None
    extra = next((each.value for each in call.keywords if each.arg == "extra"), None)
    given = extra.keywords if isinstance(extra, ast.Call) else []
    fields = tuple(each.arg or "..." for each in given)
    return Event(ast.literal_eval(call.args[0]), _LEVELS[call.func.attr], fields)


def journalled() -> list[Event]:
    """Find every kind of journal entry, by reading the source."""
    return _collected(_journalled)


def _journalled(call: ast.Call) -> Event | None:
    if not (isinstance(call.func, ast.Name) and call.func.id in ("Entry", "Incident")):
        return None
    if not isinstance(call.args[0], ast.Constant):
        return None  # one that is passed on
    body = call.args[1]
    keys = body.keys if isinstance(body, ast.Dict) else []
    fields = tuple("..." if key is None else ast.literal_eval(key) for key in keys)
    return Event(ast.literal_eval(call.args[0]), "", fields)


def _collected(read: Callable[[ast.Call], Event | None]) -> list[Event]:
    found: dict[str, Event] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            event = read(node) if isinstance(node, ast.Call) else None
            if event is not None and len(found.get(event.name, event).fields) <= len(event.fields):
                found[event.name] = event
    return [found[name] for name in sorted(found)]


def page() -> str:
    """List every log event and every kind of journal entry."""
    logs, entries = logged(), journalled()
    of_logs = words_for("logs", [each.name for each in logs])
    of_journal = words_for("journal", [each.name for each in entries])
    rows = [
        (code(each.name), each.level, ", ".join(map(code, each.fields)), of_logs[each.name])
        for each in logs
    ]
    return (
        "# Events\n\n## In the logs\n\n"
        "One JSON object on a line, on standard error: `severity`, `time`, `message` (the name"
        " below), `logger`, the fields below, and `error` with a traceback where there is one.\n\n"
        + table(("event", "level", "fields", "meaning"), rows)
        + "\n## In the journal\n\n"
        "A job's journal is the gapless, numbered sequence of what happened to it. Streams send"
        " each entry with its number as `id`: a `row` as `event: row`, every other kind as"
        " `event: journal` with `kind` in its data.\n\n"
        + table(("kind", "meaning"), [(code(e.name), of_journal[e.name]) for e in entries])
    )
