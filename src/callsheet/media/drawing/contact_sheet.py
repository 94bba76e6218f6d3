"""Contact sheets: every picture or text of a job on one page, with what became of it."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from callsheet.media.drawing.canvas import plate
from callsheet.media.drawing.colours import BLACK, WHITE, Colour, mix
from callsheet.media.drawing.faces import Weight
from callsheet.media.drawing.frame import encode
from callsheet.media.drawing.typesetting import draw_text, set_text
from callsheet.ports.pictures import SheetCell

MOST_CELLS = 2_000
TALLEST = 16_000
MOST_PIXELS = 24_000_000  # what people can still open; many pictures are smaller ones
_PAGE: Colour = (22, 23, 26)
_CARD: Colour = (32, 34, 38)
_INK: Colour = (240, 239, 235)
_DIM: Colour = (158, 160, 164)
_FAIL: Colour = (222, 92, 82)
_WAIT: Colour = (222, 172, 84)
_DONE = "succeeded"
_BAD_STATUSES = frozenset(("failed", "rejected", "error", "cancelled", "canceled", "in_doubt"))
_MARGIN = 56
_GAP = 24
_SMALLEST_CELL = 120
_HEADER = 150
_FOOTER = 64
_PICTURE_SHAPE = 0.72  # a cell's picture area, height by width
_MOST_PICTURE_SIDE = 8_192


@dataclass(frozen=True, slots=True)
class _Grid:
    columns: int
    cell: int  # pixels across one cell
    rows: int

    @property
    def picture(self) -> int:
        return round(self.cell * _PICTURE_SHAPE)

    @property
    def text(self) -> int:
        return max(10, round(self.cell * 0.042))

    @property
    def pitch(self) -> int:
        return self.picture + round(self.text * 5.2) + _GAP

    @property
    def width(self) -> int:
        return 2 * _MARGIN + self.columns * self.cell + (self.columns - 1) * _GAP

    @property
    def height(self) -> int:
        return _HEADER + self.rows * self.pitch + _FOOTER


def draw_contact_sheet(title: str, subtitle: str, cells: Sequence[SheetCell]) -> bytes:
    """Draw a contact sheet as a PNG, at most 16,000 pixels tall.

    More cells make more and smaller columns; beyond 2,000 the first are shown and the rest are
    counted. A text is set into its cell as far as there is room. A cell whose picture cannot be
    read shows its status instead.
    """
    shown = cells[:MOST_CELLS]
    grid = _grid(len(shown))
    page = Image.new("RGB", (grid.width, grid.height), _PAGE)
    _header(page, title, subtitle, _tally(cells))
    for number, cell in enumerate(shown):
        row, column = divmod(number, grid.columns)
        left = _MARGIN + column * (grid.cell + _GAP)
        _cell(page, (left, _HEADER + row * grid.pitch), grid, cell)
    left_out = len(cells) - len(shown)
    _footer(page, f"and {left_out:,} more" if left_out else "")
    return encode(page, level=1)  # large, and of photographs: more takes long and saves nothing


def _grid(count: int) -> _Grid:
    """Choose columns so that the page is about as tall as wide, then ever smaller cells."""
    columns = max(1, min(6, math.ceil(math.sqrt(count)))) if count else 1
    cell = {1: 720, 2: 560}.get(columns, 440)
    while True:
        grid = _Grid(columns, cell, max(1, math.ceil(count / columns)))
        in_shape = grid.height <= TALLEST and grid.height <= 2.4 * grid.width + 2_000
        if in_shape and (grid.width * grid.height <= MOST_PIXELS or cell == _SMALLEST_CELL):
            return grid
        columns += 1
        cell = max(_SMALLEST_CELL, round(cell * 0.94))


def _tally(cells: Sequence[SheetCell]) -> str:
    texts = sum(bool(cell.text) for cell in cells)
    noun = "picture" if not texts else "text" if texts == len(cells) else "take"
    return f"{len(cells):,} {noun}{'' if len(cells) == 1 else 's'}"


def _header(page: Image.Image, title: str, subtitle: str, count: str) -> None:
    room = page.width - 2 * _MARGIN
    tally = set_text(count, room * 0.4, 30, largest=20, smallest=12, most_lines=1)
    wide = round(tally.width * 1.03)
    draw_text(page, (page.width - _MARGIN - wide, 58), tally, _DIM)
    head = set_text(
        title or "Contact sheet", room - wide - 24, 56, largest=40, smallest=20, most_lines=1,
        weight=Weight.BOLD,
    )  # fmt: skip
    draw_text(page, (_MARGIN, 70 - head.height / 2 - 10), head, _INK)
    if subtitle:
        under = set_text(subtitle, room, 34, largest=21, smallest=14, most_lines=1)
        draw_text(page, (_MARGIN, 92), under, _DIM)
    draw = ImageDraw.Draw(page)
    draw.rectangle((_MARGIN, 134, page.width - _MARGIN, 135), mix(_PAGE, WHITE, 0.14))


def _footer(page: Image.Image, words: str) -> None:
    if words:
        block = set_text(words, page.width - 2 * _MARGIN, 34, largest=24, smallest=14, most_lines=1)
        draw_text(page, (_MARGIN, page.height - _FOOTER + 8), block, _DIM)


def _cell(page: Image.Image, at: tuple[int, int], grid: _Grid, cell: SheetCell) -> None:
    left, top = at
    right, bottom = left + grid.cell, top + grid.picture
    plate(page, (left, top, right, bottom), grid.cell / 60, _CARD)
    picture = _opened(cell.picture, (grid.cell, grid.picture))
    if picture is not None:
        page.paste(
            picture,
            (left + (grid.cell - picture.width) // 2, top + (grid.picture - picture.height) // 2),
        )
    elif cell.text:
        _text(page, (left, top, right, bottom), grid.text, cell.text)
    else:
        _no_picture(page, (left, top, right, bottom), grid.text, cell.status)
    if cell.status and cell.status != _DONE and picture is not None:
        _chip(page, (left, top), grid, cell.status)
    _words(page, (left, bottom), grid, cell)


def _opened(content: bytes | None, room: tuple[int, int]) -> Image.Image | None:
    if content is None:
        return None
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP")) as picture:
            if max(picture.size) > _MOST_PICTURE_SIDE:
                return None
            ratio = min(room[0] / picture.width, room[1] / picture.height)
            size = max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio))
            picture.draft("RGB", size)  # JPEG halves a picture well, and for nothing
            clear = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
            whole = picture.convert("RGBA" if clear else "RGB")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None  # one damaged picture must not cost the whole sheet
    fitted = whole.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)
    if not clear:
        return fitted
    ground = Image.new("RGBA", size, (*_CARD, 255))
    ground.alpha_composite(fitted)
    return ground.convert("RGB")


def _status_colour(status: str) -> Colour:
    return _FAIL if status.lower() in _BAD_STATUSES else _WAIT


def _no_picture(page: Image.Image, box: tuple[int, int, int, int], text: int, status: str) -> None:
    left, top, right, bottom = box
    colour = _status_colour(status) if status != _DONE else _DIM
    draw = ImageDraw.Draw(page)
    middle, radius = (left + right) // 2, text
    centre = (top + bottom) // 2 - text
    draw.ellipse(
        (middle - radius, centre - radius, middle + radius, centre + radius),
        outline=colour,
        width=max(2, text // 6),
    )
    words = status.replace("_", " ") if status and status != _DONE else "no picture"
    block = set_text(
        words,
        right - left - 2 * text,
        text * 2,
        largest=round(text * 1.1),
        smallest=9,
        most_lines=1,
    )
    draw_text(page, (middle - block.width / 2, centre + radius + text * 0.7), block, colour)


def _text(page: Image.Image, box: tuple[int, int, int, int], size: int, words: str) -> None:
    """Set a text as on a sheet of paper, as large as it fits, its end left out if it is long."""
    left, top, right, bottom = box
    pad = round(size * 1.1)
    room = right - left - 2 * pad
    block = set_text(
        words, room, bottom - top - 2 * pad, largest=round(size * 1.3), smallest=max(9, size - 4)
    )
    draw_text(page, (left + pad, top + pad), block, _INK, box_width=room)


def _chip(page: Image.Image, at: tuple[int, int], grid: _Grid, status: str) -> None:
    block = set_text(
        status.replace("_", " "), grid.cell * 0.7, grid.text * 1.6,
        largest=round(grid.text * 0.86), smallest=8, most_lines=1, weight=Weight.BOLD,
    )  # fmt: skip
    pad, tall = round(grid.text * 0.6), round(grid.text * 1.6)
    x, y = at[0] + pad, at[1] + pad
    right = x + round(block.width * 1.04) + 2 * pad
    plate(page, (x, y, right, y + tall), tall / 2, _status_colour(status))
    draw_text(page, (x + pad, y + (tall - block.height) / 2), block, BLACK)


def _words(page: Image.Image, at: tuple[int, int], grid: _Grid, cell: SheetCell) -> None:
    left, top = at[0] + 2, at[1] + round(grid.text * 0.5)
    room = grid.cell - 4
    head = set_text(
        cell.title, room, grid.text * 1.5, largest=grid.text, smallest=max(8, grid.text - 3),
        most_lines=1, weight=Weight.BOLD,
    )  # fmt: skip
    draw_text(page, (left, top), head, _INK, box_width=room)
    size = max(9, round(grid.text * 0.84))
    body = set_text(
        cell.caption, room, size * 3, largest=size, smallest=max(8, size - 2), most_lines=2
    )
    draw_text(page, (left, top + round(grid.text * 1.5)), body, _DIM, box_width=room)
