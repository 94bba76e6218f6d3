"""Drawing through the studio: what goes in comes out drawn, and faults stay with their job."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.media.samples import as_file, opened, painted

from callsheet.drawing.contact_sheet import draw_contact_sheet
from callsheet.kernel.errors import InvalidInputError
from callsheet.media.studio import ProcessStudio
from callsheet.ports.pictures import (
    FrameReference,
    FrameSpec,
    ReferenceMode,
    SheetCell,
    UnreadablePictureError,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPEC = FrameSpec(
    prompt="A lighthouse keeper ☂ reads «a letter»\nby lamplight, close-up",
    width=512,
    height=288,
    seed=7,
    scene="2A",
    variant=2,
    variants=3,
    notes=("flux-schnell", "$0.0024"),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio() -> AsyncIterator[ProcessStudio]:
    """Keep one process warm for all tests of this file."""
    studio = ProcessStudio(1)
    yield studio
    await studio.close()


async def test_frame_is_drawn_at_the_asked_size(studio: ProcessStudio) -> None:
    """A frame is a PNG of exactly the size, the same every time."""
    frame = await studio.frame(SPEC, [])
    assert (opened(frame).format, opened(frame).size) == ("PNG", (512, 288))
    assert await studio.frame(SPEC, []) == frame


async def test_frame_shows_its_references(studio: ProcessStudio) -> None:
    """References reach the drawing with their modes."""
    copies = [(await studio.examine(as_file(painted(n), "JPEG"))).working_copy for n in (1, 2)]
    drawn = {
        await studio.frame(SPEC, [FrameReference(mode, copy) for copy in order])
        for mode in (ReferenceMode.PRODUCT, ReferenceMode.STYLE_ONLY)
        for order in (copies, copies[:1])
    }
    assert len(drawn) == 4


async def test_frame_of_an_impossible_size_names_the_field(studio: ProcessStudio) -> None:
    """What the drawing refuses comes back as the same kind of error, field by field."""
    with pytest.raises(InvalidInputError) as caught:
        await studio.frame(FrameSpec(prompt="x", width=16, height=512, seed=1), [])
    assert [(wrong.field, wrong.value) for wrong in caught.value.errors] == [("width", "16")]


async def test_reference_that_is_no_working_copy_is_refused(studio: ProcessStudio) -> None:
    """Only what examining made is drawn; the process lives on."""
    broken = FrameReference(ReferenceMode.SUBJECT, b"<html>")
    with pytest.raises(UnreadablePictureError):
        await studio.frame(SPEC, [broken])
    assert await studio.frame(SPEC, [])


async def test_contact_sheet_shows_pictures_in_their_cells(studio: ProcessStudio) -> None:
    """Each picture goes to its own cell, past the cells that have none."""
    frame = await studio.frame(SPEC, [])
    bare = [SheetCell(f"2A-{n}", "keeper", "failed", None) for n in range(3)]
    first = [SheetCell("2A-0", "keeper", "done", frame), *bare[1:]]
    last = [*bare[:2], SheetCell("2A-2", "keeper", "done", frame)]
    sheets = [await studio.contact_sheet("Lighthouse", "day 1", row) for row in (bare, first, last)]
    assert len(set(sheets)) == 3
    assert {opened(sheet).format for sheet in sheets} == {"PNG"}
    assert len({opened(sheet).size for sheet in sheets}) == 1


async def test_a_large_sheet_is_drawn_by_several_processes() -> None:
    """It comes out as one that is drawn in one piece."""
    tile = as_file(painted(7, (60, 40)), "PNG")
    cells = [SheetCell(f"2A-{n}", "keeper", "done", tile if n % 3 else None) for n in range(450)]
    studio = ProcessStudio(2)
    try:
        sheet = await studio.contact_sheet("Lighthouse", "day 1", cells)
    finally:
        await studio.close()
    whole = draw_contact_sheet("Lighthouse", "day 1", cells)
    assert opened(sheet).tobytes() == opened(whole).tobytes()
