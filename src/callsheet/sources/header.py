"""Which row of a sheet is its header: people write titles and dates above it.

What columns are called is told from outside: `names` maps titles, as `title_key` spells them, to
fields.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from callsheet.ports.sheets import title_key

SEARCHED_ROWS: Final = 40  # with text; a header further down has to be named
_PROMPT: Final = 1_000  # a row that names the prompts goes before all that do not
_SURE: Final = 3  # fields that a row below the first must name
_LABELS: Final = 2  # cells of a row such as "Owner | Maya"


def header_among(rows: Sequence[Sequence[str]], names: Mapping[str, str]) -> int:
    """Say which of the first rows of a sheet is its header: 0 unless another is surely one."""
    best, found = 0, 0
    filled = 0  # the most cells with text in a row above
    for at, row in enumerate(rows):
        there = sum(bool(cell.strip()) for cell in row)
        score = known_columns(row, names)
        sure = score >= _SURE and filled < max(there, _LABELS + 1)
        if score > best and (at == 0 or sure):
            best, found = score, at
        filled = max(filled, there)
    return found


def known_columns(row: Sequence[str], names: Mapping[str, str]) -> int:
    """Weigh a row as a header: how many of its cells name a field, above all that of prompts."""
    fields = [names.get(title_key(cell)) for cell in row if names and cell.strip()]
    return sum(_PROMPT if field == "prompt" else 1 for field in fields if field)


def has_prompts(row: Sequence[str], names: Mapping[str, str]) -> bool:
    """Tell whether a header names the prompts."""
    return known_columns(row, names) >= _PROMPT


def scene_column(columns: Sequence[str], names: Mapping[str, str]) -> int:
    """Find the column of scene ids; -1 if there is none."""
    own = (at for at, title in enumerate(columns) if title_key(title) == "sceneid")
    other = (at for at, title in enumerate(columns) if names.get(title_key(title)) == "scene_id")
    return next(own, next(other, -1))
