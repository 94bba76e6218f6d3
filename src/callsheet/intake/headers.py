"""Which row of a sheet is its header: people write titles and dates above it."""

from collections.abc import Collection, Sequence
from typing import Final

from callsheet.intake.columns import field_named, other_name, title_key

SEARCHED_ROWS: Final = 40  # with text; a header further down has to be named
_PROMPT: Final = 1_000  # a row that names the prompts goes before all that do not
_SURE: Final = 3  # fields that a row below the first must name
_LABELS: Final = 2  # cells of a row such as "Owner | Maya"


def header_among(rows: Sequence[Sequence[str]], titles: Collection[str] = ()) -> int:
    """Say which of the first rows of a sheet is its header: 0 unless another is surely one.

    `titles` are names of columns that a mapping uses.
    """
    best, found = 0, 0
    filled = 0  # the most cells with text in a row above
    for at, row in enumerate(rows):
        there = sum(bool(cell.strip()) for cell in row)
        score = known_columns(row, titles)
        sure = score >= _SURE and filled < max(there, _LABELS + 1)
        if score > best and (at == 0 or sure):
            best, found = score, at
        filled = max(filled, there)
    return found


def known_columns(row: Sequence[str], titles: Collection[str] = ()) -> int:
    """Weigh a row as a header: how many of its cells name a field, above all that of prompts."""
    wanted = {title_key(title) for title in titles}
    weight = 0
    for cell in row:
        if not cell.strip():
            continue
        field = field_named(cell) or other_name(cell)
        if title_key(cell) in wanted:
            weight += _PROMPT if field in (None, "prompt") else 1
        elif field is not None:
            weight += _PROMPT if field == "prompt" else 1
    return weight


def has_prompts(row: Sequence[str], titles: Collection[str] = ()) -> bool:
    """Tell whether a header names the prompts."""
    return known_columns(row, titles) >= _PROMPT


def scene_column(columns: Sequence[str]) -> int:
    """Find the column of scene ids; -1 if there is none."""
    strong = [at for at, title in enumerate(columns) if field_named(title) == "scene_id"]
    weak = [at for at, title in enumerate(columns) if other_name(title) == "scene_id"]
    return next(iter((*strong, *weak)), -1)
