"""What commands print: tables and progress for people, JSON for scripts."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import typer
from rich.console import Console
from rich.table import Table

from callsheet.kernel.errors import CallsheetError

_SHOWN_ERRORS = 20
_SHOWN_CHARS = 300


def say(text: str) -> None:
    """Print a line for people, on standard error, so that output can be piped."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def out_json(value: Any) -> None:
    """Print a value for scripts."""
    plain = not (sys.stdout.encoding or "").lower().startswith("utf")  # else it is escaped wrongly
    typer.echo(json.dumps(value, ensure_ascii=plain, indent=2, default=str))


# what is copied into the next command, or looked for with grep, is never cut or broken
_WHOLE: Final = frozenset({"id", "job", "take", "status", "mode", "created"})
_PIPED_WIDTH: Final = 400  # lines of a table that nobody looks at as it is; words are found in them


def out_table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    spare: Sequence[str] = (),
) -> None:
    """Print a table: as wide as it is where it is piped, else as the terminal.

    Where that is too narrow the frame goes, and then columns that can be spared, in this order.
    """
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, _PIPED_WIDTH))
    table = _table(title, columns, rows)
    if _width(console, table) > console.width:
        left = [at for at, column in enumerate(columns) if column not in spare]
        for kept in (range(len(columns)), left):
            some = [[row[at] for at in kept] for row in rows]
            table = _table(title, [columns[at] for at in kept], some)
            table.box, table.padding, table.pad_edge = None, (0, 2, 0, 0), False
            if _width(console, table) <= console.width:
                break
    console.print(table)


def _width(console: Console, table: Table) -> int:
    return table.__rich_measure__(console, console.options.update(width=_PIPED_WIDTH)).maximum


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        right = column.startswith(("$", "#"))
        name = column.lstrip("#")
        table.add_column(
            name,
            justify="right" if right else "left",
            overflow="ellipsis",
            no_wrap=name in _WHOLE or right or column == columns[0],
        )
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    return table


def fail(error: CallsheetError) -> None:
    """Print an error: what is wrong, where, and its stable code."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    message = " ".join(str(error).split())  # a driver's words may have several lines
    console.print(f"error: {message} [{error.code}]", style="bold red", markup=False)
    faults = [
        fault
        for fault in getattr(error, "errors", ())
        if fault.field not in message or fault.message not in message
    ]
    several = len(getattr(error, "errors", ())) > 1
    for fault in faults[:_SHOWN_ERRORS] if several else ():
        console.print(f"  {fault.field}: {fault.message}", markup=False)
    if len(faults) > _SHOWN_ERRORS:
        console.print(f"  … and {len(faults) - _SHOWN_ERRORS} more", markup=False)


def readable(name: str) -> str:
    """Spell a name as it was given to us, also by a terminal or folder that is not in UTF-8.

    Python keeps bytes that it could not read as halves of letters, which no database takes.
    """
    return os.fsencode(name).decode("utf-8", "replace")


def as_named(kept: str) -> str:
    """Undo `readable` for the name of a file or folder, where no byte of it was out of form."""
    return os.fsdecode(kept.encode())


def shortened(text: str) -> str:
    """Cut a long text for a table, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1].rstrip()}…"


def facts(pairs: Mapping[str, str]) -> None:
    """Print names and values, aligned."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        typer.echo(f"{name:<{width}}  {value}")
