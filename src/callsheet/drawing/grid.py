"""How a contact sheet is laid out, and what it says of itself."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from callsheet.kernel.counting import how_many
from callsheet.ports.pictures import SheetCell

MOST_CELLS: Final = 2_000
TALLEST: Final = 16_000
MARGIN: Final = 56
GAP: Final = 24
HEADER: Final = 150
FOOTER: Final = 64
_MOST_PIXELS: Final = 24_000_000  # what people can still open; many pictures are smaller ones
_SMALLEST_CELL: Final = 120
_PICTURE_SHAPE: Final = 0.72  # a cell's picture area, height by width


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells in rows, between a header and a footer; sizes in pixels."""

    columns: int
    cell: int  # across one cell
    rows: int

    @property
    def picture(self) -> int:
        """Tell the height of a cell's picture."""
        return round(self.cell * _PICTURE_SHAPE)

    @property
    def text(self) -> int:
        """Tell the size of a cell's letters."""
        return max(10, round(self.cell * 0.042))

    @property
    def pitch(self) -> int:
        """Tell how far apart rows are."""
        return self.picture + round(self.text * 5.2) + GAP

    @property
    def width(self) -> int:
        """Tell the width of the sheet."""
        return 2 * MARGIN + self.columns * self.cell + (self.columns - 1) * GAP

    @property
    def height(self) -> int:
        """Tell the height of the sheet."""
        return HEADER + self.rows * self.pitch + FOOTER

    def cells(self, rows: range) -> slice:
        """Say which cells are in some rows."""
        return slice(rows.start * self.columns, min(rows.stop * self.columns, MOST_CELLS))


def grid_of(count: int) -> Grid:
    """Choose columns so that the page is about as tall as wide, then ever smaller cells."""
    count = min(count, MOST_CELLS)
    columns = max(1, min(6, math.ceil(math.sqrt(count)))) if count else 1
    cell = {1: 720, 2: 560}.get(columns, 440)
    while True:
        grid = Grid(columns, cell, max(1, math.ceil(count / columns)))
        in_shape = grid.height <= TALLEST and grid.height <= 2.4 * grid.width + 2_000
        if in_shape and (grid.width * grid.height <= _MOST_PIXELS or cell == _SMALLEST_CELL):
            return grid
        columns += 1
        cell = max(_SMALLEST_CELL, round(cell * 0.94))


@dataclass(frozen=True, slots=True)
class Heading:
    """What a sheet says of itself, and how many cells it was asked for in all."""

    title: str
    subtitle: str
    tally: str
    cells: int


def heading(title: str, subtitle: str, cells: Sequence[SheetCell]) -> Heading:
    """Word the heading of a sheet of these cells."""
    texts = sum(bool(cell.text) for cell in cells)
    noun = "picture" if not texts else "text" if texts == len(cells) else "take"
    tally = how_many(len(cells), noun)
    return Heading(title, subtitle, tally, len(cells))
