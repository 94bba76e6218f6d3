"""Where the command begins: what needs no server and no database starts without loading them.

`callsheet check` shows its first finding before all that the other commands stand on is imported.
"""

import sys
from typing import Final

ALONE: Final = frozenset({"check", "frame", "probe", "provenance"})


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] and sys.argv[1] in ALONE:
        from callsheet.cli import alone  # noqa: PLC0415  # only what this command needs

        alone.main()
        return
    from callsheet import main as everything  # noqa: PLC0415  # only when it is needed

    everything.main()
