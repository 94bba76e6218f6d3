"""reference/command-line.md: every command."""

from collections.abc import Iterator
from typing import Any

import typer

from callsheet.cli.app import app
from generating.marking import code, table


def page() -> str:
    """List every command with its options."""
    parts = [
        "# Command line\n\n",
        "Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted (and resumable). Tables and",
        " JSON go to standard output, everything said to people to standard error.\n\n",
        "`callsheet --version` prints the version, `--help` after any command explains it.\n",
    ]
    parts += [_command(path, found) for path, found in _walk(typer.main.get_command(app))]
    return "".join(parts)


def _walk(group: Any, path: str = "callsheet") -> Iterator[tuple[str, Any]]:
    for name, found in sorted(group.commands.items()):
        if hasattr(found, "commands"):
            yield from _walk(found, f"{path} {name}")
        else:
            yield f"{path} {name}", found


def _command(path: str, found: Any) -> str:
    given = [option for option in found.params if option.name != "help"]
    arguments = [option.name.upper() for option in given if not option.opts[0].startswith("-")]
    usage = " ".join([path, *arguments])
    rows = [
        (
            code(", ".join(option.opts) if option.opts[0].startswith("-") else option.name.upper()),
            option.help or "",
            "" if option.default in (None, "", False) else code(option.default),
        )
        for option in given
    ]
    options = "\n" + table(("", "meaning", "default"), rows) if rows else ""
    more = " [OPTIONS]" if len(given) > len(arguments) else ""
    return f"\n## {path}\n\n    {usage}{more}\n\n{found.help}\n{options}"
