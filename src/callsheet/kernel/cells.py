"""Cells of text that spreadsheets do not run as formulas, and the way back.

A cell that begins like a formula gets a quote mark before it (OWASP, "CSV injection"). A program
that splits our commas' file at semicolons or tabs, or at a line break within a cell, finds cells
where we have none: so what would begin one after any of these gets a quote mark too. Of several
quote marks one is taken away again: `bare(inert(text))` is the text, whatever it is.
"""

import re
from typing import Final

_SIGNS: Final = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"  # ASCII, wide, small
_PARTS: Final = ";|\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029"
_SPACES: Final = rf"[^\S{_PARTS}]|[\ufeff\"']"  # what a spreadsheet may pass over
_FORMULA: Final = rf"(?:{_SPACES})*[{_SIGNS}]"
_RUNS: Final = re.compile(rf"\A(?='*[\t\r\n])|(?:\A|(?<=[{_PARTS}]))(?={_FORMULA})")
_QUOTED: Final = re.compile(rf"\A'(?='*[\t\r\n])|(?:\A|(?<=[{_PARTS}]))'(?={_FORMULA})")
_HARMLESS: Final = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?|-")


def inert(cell: str) -> str:
    """Keep spreadsheets from running a cell, or what they take for one; numbers stay."""
    return cell if _HARMLESS.fullmatch(cell) else _RUNS.sub("'", cell)


def bare(cell: str) -> str:
    """Take off what `inert` put on."""
    return _QUOTED.sub("", cell)
