"""Writes the pages of docs/reference that come from code.

python docs/generate.py             write them
python docs/generate.py --check     say which are stale; exit 1 if any is

What code cannot say of itself (what a log event or a code means) stands in reference/words.toml:
one that is missing there, or that no code uses any more, stops the script.
"""  # noqa: INP001  # a script beside the pages it writes, not a package

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from generating import commands, errors, events, http, metrics, models, providers, settings
from generating.marking import REFERENCE

_MADE_BY: Final = "<!-- Written by docs/generate.py; change the code or words.toml instead. -->\n\n"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings.page,
    "errors.md": errors.page,
    "command-line.md": commands.page,
    "models.md": models.page,
    "providers.md": providers.page,
    "http.md": http.page,
    "metrics.md": metrics.page,
    "events.md": events.page,
}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or tell which are stale."""
    stale = []
    for name, write in PAGES.items():
        path = REFERENCE / name
        text = _MADE_BY + write()
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
