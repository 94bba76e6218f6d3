"""Contact sheets: every picture or text of a job on one page, with what became of it."""

import io
import zlib
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw

from callsheet.drawing.bands import Band, joined
from callsheet.drawing.canvas import plate
from callsheet.drawing.colours import BLACK, WHITE, Colour, mix
from callsheet.drawing.faces import Weight
from callsheet.drawing.grid import (
    FOOTER,
    GAP,
    HEADER,
    MARGIN,
    MOST_CELLS,
    Grid,
    Heading,
    grid_of,
    heading,
)
from callsheet.drawing.typesetting import draw_text, set_text
from callsheet.ports.pictures import SheetCell

_PAGE: Colour = (22, 23, 26)
_CARD: Colour = (32, 34, 38)
_INK: Colour = (240, 239, 235)
_DIM: Colour = (158, 160, 164)
_FAIL: Colour = (222, 92, 82)
_WAIT: Colour = (222, 172, 84)
_DONE = "succeeded"
_BAD_STATUSES = frozenset(("failed", "rejected", "error", "cancelled", "canceled", "in_doubt"))
_MOST_PICTURE_SIDE = 8_192
_STRIP = 256  # lines that are filtered at once
_LEVEL = 1  # large, and of photographs: to compress more takes long and saves nothing
_FILTER = b"\x01"  # each byte less the one of the pixel to its left


def draw_contact_sheet(title: str, subtitle: str, cells: Sequence[SheetCell]) -> bytes:
    """Draw a contact sheet as a PNG, at most 16,000 pixels tall.

    More cells make more and smaller columns; beyond 2,000 the first are shown and the rest are
    counted. A text is set into its cell as far as there is room. A cell whose picture cannot be
    read shows its status instead.
    """
    rows = range(grid_of(len(cells)).rows)
    return joined([draw_band(heading(title, subtitle, cells), rows, cells[:MOST_CELLS])])


def draw_band(head: Heading, rows: range, cells: Sequence[SheetCell]) -> Band:
    """Draw some rows of a sheet, of which `cells` are the cells; see `draw_contact_sheet`.

    The header goes with the first row, the footer with the last.
    """
    grid = grid_of(head.cells)
    top = 0 if rows.start == 0 else HEADER + rows.start * grid.pitch
    is_last = rows.stop >= grid.rows
    bottom = grid.height if is_last else HEADER + rows.stop * grid.pitch
    page = Image.new("RGB", (grid.width, bottom - top), _PAGE)
    if rows.start == 0:
        _header(page, head.title, head.subtitle, head.tally)
    for number, cell in enumerate(cells):
        row, column = divmod(number, grid.columns)
        left = MARGIN + column * (grid.cell + GAP)
        _cell(page, (left, HEADER + (rows.start + row) * grid.pitch - top), grid, cell)
    left_out = head.cells - MOST_CELLS
    if is_last and left_out > 0:
        _footer(page, f"and {left_out:,} more")
    return _encoded(page)


def _encoded(page: Image.Image) -> Band:
    """Filter and compress lines, without any metadata, so that equal pictures are equal bytes."""
    packer, check, pieces = zlib.compressobj(_LEVEL, wbits=-zlib.MAX_WBITS), 1, []
    for top in range(0, page.height, _STRIP):
        strip = page.crop((0, top, page.width, min(top + _STRIP, page.height)))
        filtered = ImageChops.subtract_modulo(strip, ImageChops.offset(strip, 1, 0))
        filtered.paste(strip.crop((0, 0, 1, strip.height)), (0, 0))  # nothing is left of these
        across, values = 3 * page.width, memoryview(filtered.tobytes())
        lines = (values[at : at + across] for at in range(0, len(values), across))
        content = b"".join([part for line in lines for part in (_FILTER, line)])
        check = zlib.adler32(content, check)
        pieces.append(packer.compress(content))
    pieces.append(packer.flush(zlib.Z_FULL_FLUSH))
    return Band(page.width, page.height, check, b"".join(pieces))


def _header(page: Image.Image, title: str, subtitle: str, count: str) -> None:
    room = page.width - 2 * MARGIN
    tally = set_text(count, room * 0.4, 30, largest=20, smallest=12, most_lines=1)
    wide = round(tally.width * 1.03)
    draw_text(page, (page.width - MARGIN - wide, 58), tally, _DIM)
    head = set_text(
        title or "Contact sheet", room - wide - 24, 56, largest=40, smallest=20, most_lines=1,
        weight=Weight.BOLD,
    )  # fmt: skip
    draw_text(page, (MARGIN, 70 - head.height / 2 - 10), head, _INK)
    if subtitle:
        under = set_text(subtitle, room, 34, largest=21, smallest=14, most_lines=1)
        draw_text(page, (MARGIN, 92), under, _DIM)
    draw = ImageDraw.Draw(page)
    draw.rectangle((MARGIN, 134, page.width - MARGIN, 135), mix(_PAGE, WHITE, 0.14))


def _footer(page: Image.Image, words: str) -> None:
    block = set_text(words, page.width - 2 * MARGIN, 34, largest=24, smallest=14, most_lines=1)
    draw_text(page, (MARGIN, page.height - FOOTER + 8), block, _DIM)


def _cell(page: Image.Image, at: tuple[int, int], grid: Grid, cell: SheetCell) -> None:
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


def _chip(page: Image.Image, at: tuple[int, int], grid: Grid, status: str) -> None:
    block = set_text(
        status.replace("_", " "), grid.cell * 0.7, grid.text * 1.6,
        largest=round(grid.text * 0.86), smallest=8, most_lines=1, weight=Weight.BOLD,
    )  # fmt: skip
    pad, tall = round(grid.text * 0.6), round(grid.text * 1.6)
    x, y = at[0] + pad, at[1] + pad
    right = x + round(block.width * 1.04) + 2 * pad
    plate(page, (x, y, right, y + tall), tall / 2, _status_colour(status))
    draw_text(page, (x + pad, y + (tall - block.height) / 2), block, BLACK)


def _words(page: Image.Image, at: tuple[int, int], grid: Grid, cell: SheetCell) -> None:
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
