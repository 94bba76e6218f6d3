"""What commands print: tables and progress for people, JSON for scripts."""

import json
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
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


_WHOLE: Final = frozenset({"id", "job", "take"})


def out_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        right = column.startswith(("$", "#"))
        table.add_column(
            column.lstrip("#"),
            justify="right" if right else "left",
            overflow="fold",
            # what a row is about is copied into the next command
            no_wrap=column in _WHOLE or (column == columns[0] and not right),
        )
    for row in rows:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    Console().print(table)


def fail(error: CallsheetError) -> None:
    """Print an error: what is wrong, where, and its stable code."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"error: {error} [{error.code}]", style="bold red", markup=False)
    faults = getattr(error, "errors", ())
    for fault in faults[:_SHOWN_ERRORS] if len(faults) > 1 else ():
        console.print(f"  {fault.field}: {fault.message}", markup=False)
    if len(faults) > _SHOWN_ERRORS:
        console.print(f"  … and {len(faults) - _SHOWN_ERRORS} more", markup=False)


def shortened(text: str) -> str:
    """Cut a long text for a table, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1].rstrip()}…"


def facts(pairs: Mapping[str, str]) -> None:
    """Print names and values, aligned."""
    width = max((len(name) for name in pairs), default=0)
    for name, value in pairs.items():
        typer.echo(f"{name:<{width}}  {value}")
