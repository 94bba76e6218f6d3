"""Composites through the locked-down process, as the house asks for them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.compositing.making import as_file, composed, table, tin

from callsheet.kernel.errors import InvalidInputError
from callsheet.media.composing import ProcessCompositor
from callsheet.ports.compositing import Box, CompositeSpec, Status, Wish
from callsheet.ports.pictures import UnreadablePictureError

SPEC = CompositeSpec((Wish(Box(0.4, 0.3, 0.2)),), "image/jpeg")


@pytest.fixture
async def compositor() -> AsyncIterator[ProcessCompositor]:
    made = ProcessCompositor(1)
    yield made
    await made.close()


async def test_process_makes_what_we_make(compositor: ProcessCompositor) -> None:
    """The answer over the pipe is the picture, its findings and its recipe."""
    scene, product = table(), tin()

    made = await compositor.composite(as_file(scene), [as_file(product)], SPEC)

    here = composed(scene, product, place=SPEC.wishes[0].place, media_type="image/jpeg")
    assert made.picture == here.picture
    assert made.findings == here.findings
    assert made.recipe["products"][0]["place"]["width"] == 128
    assert all(each.status is not Status.FAIL for each in made.findings)


async def test_process_survives_what_is_no_picture(compositor: ProcessCompositor) -> None:
    """A file that is refused costs nothing but itself; places and sizes are refused by name."""
    scene, product = as_file(table()), as_file(tin())
    with pytest.raises(UnreadablePictureError, match="product 1: this is an HTML page"):
        await compositor.composite(scene, [b"<html>"], SPEC)
    with pytest.raises(UnreadablePictureError, match="the scene"):
        await compositor.composite(scene[:500], [product], SPEC)
    outside = CompositeSpec((Wish(Box(5000, 0, 50)),))
    with pytest.raises(InvalidInputError, match="outside the scene"):
        await compositor.composite(scene, [product], outside)
    with pytest.raises(InvalidInputError, match="1 wishes for 2 products"):
        await compositor.composite(scene, [product, product], SPEC)

    made = await compositor.composite(scene, [product], SPEC)
    assert made.media_type == "image/jpeg"


async def test_hosted_answer_is_finished_in_the_process(compositor: ProcessCompositor) -> None:
    """An answer without the product is refused there, and a local picture made instead."""
    scene, product = as_file(table()), as_file(tin())
    spec = CompositeSpec(SPEC.wishes, answered=True)

    made = await compositor.composite(scene, [product, scene], spec)

    assert made.way == "refused"
    assert "not found again" in made.notes[0]


async def test_cancelled_composite_leaves_a_usable_compositor(
    compositor: ProcessCompositor,
) -> None:
    """Who gives up waiting ends the job's process; the next one gets a fresh one."""
    job = asyncio.create_task(compositor.composite(as_file(table()), [as_file(tin())], SPEC))
    await asyncio.sleep(0.3)
    job.cancel()
    await asyncio.gather(job, return_exceptions=True)

    made = await compositor.composite(as_file(table()), [as_file(tin())], SPEC)
    assert made.picture
