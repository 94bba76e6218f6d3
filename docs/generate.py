"""Writes the pages of docs/reference that come from code, and tables within other pages.

python docs/generate.py             write them
python docs/generate.py --check     say which are stale; exit 1 if any is

What code cannot say of itself (what a log event or a code means) stands in reference/words.toml:
one that is missing there, or that no code uses any more, stops the script.
"""  # noqa: INP001  # a script beside the pages it writes, not a package

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from generating import checks, commands, errors, events, http, metrics, models, providers, settings
from generating.marking import REFERENCE

_MADE_BY: Final = "<!-- Written by docs/generate.py; change the code or words.toml instead. -->\n\n"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings.page,
    "errors.md": errors.page,
    "command-line.md": commands.page,
    "models.md": models.page,
    "checks.md": checks.page,
    "providers.md": providers.page,
    "http.md": http.page,
    "metrics.md": metrics.page,
    "events.md": events.page,
}
TABLES: Final[Mapping[str, Callable[[], str]]] = {  # where the first marker of a page stands
    "../why/never-pay-twice.md": providers.recourses,
}
_BEGINS: Final = "<!-- Written by docs/generate.py from here -->\n\n"
_ENDS: Final = "\n<!-- to here -->\n"


def _with_table(page: str, made: str) -> str:
    """Put a table in place of the one between a page's markers."""
    before, _, rest = page.partition(_BEGINS)
    _, _, after = rest.partition(_ENDS)
    return f"{before}{_BEGINS}{made}{_ENDS}{after}"


def _texts() -> Iterator[tuple[str, str]]:
    """Write every page anew; its name and its text."""
    for name, write in PAGES.items():
        yield name, _MADE_BY + write()
    for name, write in TABLES.items():
        yield name, _with_table((REFERENCE / name).read_text(), write())


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or tell which are stale."""
    stale = []
    for name, text in _texts():
        path = REFERENCE / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text)
    if stale:
        verb = "stale" if "--check" in arguments else "written"
        sys.stdout.write(f"{verb}: {', '.join(stale)}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
