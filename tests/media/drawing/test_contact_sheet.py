"""Contact sheets: bounds, statuses, damage."""

import zlib
from dataclasses import replace

import pytest
from PIL import Image
from tests.media.drawing.pictures import difference, inked, opened, png, share_near
from tests.support.scale import scaled

from callsheet.drawing.bands import bands_of, joined
from callsheet.drawing.contact_sheet import draw_band, draw_contact_sheet
from callsheet.drawing.grid import MOST_CELLS, TALLEST, grid_of, heading
from callsheet.ports.pictures import SheetCell


def _cell(number: int = 1, status: str = "succeeded", picture: bytes | None = None) -> SheetCell:
    return SheetCell(f"SC-{number:02d} · A", "A lighthouse keeper at dawn, 灯台守", status, picture)


@pytest.mark.parametrize("count", [0, 1, 2, 7, 60, 700])
def test_sheet_of_any_length_keeps_within_its_height(count: int) -> None:
    """More cells make smaller cells, never a page that viewers refuse."""
    page = opened(draw_contact_sheet("Launch", "Batch 1", [_cell(n) for n in range(count)]))
    assert page.height <= TALLEST
    assert page.width <= 8_000


def test_cells_beyond_the_limit_are_counted_not_drawn() -> None:
    """A sheet of more than 2,000 cells stays within its height and says what is missing."""
    few = opened(draw_contact_sheet("t", "", [_cell()] * 3))
    over = opened(draw_contact_sheet("t", "", [_cell()] * (MOST_CELLS + 5)))
    assert over.height <= TALLEST
    assert inked(few.crop((0, few.height - 60, few.width // 2, few.height))) == 0
    assert inked(over.crop((0, over.height - 60, over.width // 2, over.height))) > 100


def test_same_cells_give_the_same_bytes() -> None:
    """Contact sheets are as repeatable as frames."""
    cells = [_cell(n, "running") for n in range(3)]
    assert draw_contact_sheet("a", "b", cells) == draw_contact_sheet("a", "b", cells)


@pytest.mark.parametrize(
    ("count", "most"),
    [
        *((0, 2), (1, 3), (7, 2), (7, 50), (45, 2), (45, 3), (45, 50)),
        *scaled([(300, 7)], [(700, 50), (MOST_CELLS + 5, 3)]),
    ],
)
def test_bands_drawn_apart_make_the_same_picture(count: int, most: int) -> None:
    """However many draw it, it is one PNG that strict readers take, the same to the pixel."""
    colours = [png(Image.new("RGB", (30, 20), (n * 40, 90, 200 - n * 30))) for n in range(6)]
    cells = [_cell(n, "running", colours[n % 6]) for n in range(count)]
    head, grid = heading("t", "s", cells), grid_of(count)
    bands = [
        draw_band(head, rows, cells[grid.cells(rows)])
        for rows in bands_of(grid.rows, most, fewest_rows=1)
    ]
    assert len(bands) == min(most, grid.rows)
    sheet = joined(bands)
    assert opened(sheet).tobytes() == opened(draw_contact_sheet("t", "s", cells)).tobytes()
    stream = sheet[sheet.index(b"IDAT") + 4 : sheet.rindex(b"IEND") - 8]
    assert len(zlib.decompress(stream)) == grid.height * (1 + 3 * grid.width)  # checks the sum too


def test_picture_is_letterboxed_whole() -> None:
    """A tall picture is shown whole, in its own colours."""
    tall = png(Image.new("RGB", (100, 400), (20, 180, 90)))
    page = opened(draw_contact_sheet("t", "s", [_cell(picture=tall)]))
    assert 0.04 < share_near(page, (20, 180, 90), 3) < 0.3


def test_status_is_shown_unless_it_is_success() -> None:
    """A chip tells what is not done; success needs none."""
    picture = png(Image.new("RGB", (160, 90), (90, 90, 90)))
    pages = [
        opened(draw_contact_sheet("t", "s", [_cell(status=status, picture=picture)]))
        for status in ("succeeded", "running", "failed")
    ]
    assert difference(pages[0], pages[1]) > 0.1
    assert difference(pages[1], pages[2]) > 0.1


def test_damaged_picture_does_not_cost_the_sheet() -> None:
    """One unreadable picture is drawn as a missing one."""
    damaged = opened(draw_contact_sheet("t", "s", [_cell(picture=b"\x89PNG\r\n\x1a\nbroken")]))
    missing = opened(draw_contact_sheet("t", "s", [_cell(picture=None)]))
    assert difference(damaged, missing) == 0


def test_text_is_set_into_its_cell() -> None:
    """It is read where a picture would be seen; a long one loses its end, not its size."""
    caption, words = _cell(), "A keeper reads a letter that the sea has brought. "
    pages = [
        opened(draw_contact_sheet("t", "s", [replace(caption, text=text)]))
        for text in ("", words, words * 40)
    ]
    cells = [page.crop((60, 160, page.width - 60, 600)) for page in pages]
    none, short, long = map(inked, cells)
    assert none < short < long
    assert pages[1].size == pages[2].size
