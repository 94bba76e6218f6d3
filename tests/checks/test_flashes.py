"""Flashes: each rule of BT.1702 and WCAG with a clip on either side of it."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import numpy as np
import pytest
import pytest_asyncio
from tests.checks.examined import examined
from tests.media import films
from tests.media.films import Pixels

from callsheet.checks.registry import meter_modules
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.ports.findings import Finding, Status

ASYNC = pytest.mark.asyncio(loop_scope="module")
WIDTH, HEIGHT = 320, 180
RATE = 30
GREY, RED, BLACK = (128, 128, 128), (225, 10, 10), (0, 0, 0)
Colour = tuple[int, int, int]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector() -> AsyncIterator[ProcessInspector]:
    """Keep one process warm for all tests of this file."""
    inspector = ProcessInspector(1, meters=meter_modules())
    yield inspector
    await inspector.close()


def level(luminance: float) -> Colour:
    """Answer the grey of a relative luminance (sRGB)."""
    code = 12.92 * luminance if luminance <= 0.0031308 else 1.055 * luminance ** (1 / 2.4) - 0.055
    grey = round(code * 255)
    return grey, grey, grey


class Flashing(NamedTuple):
    """A patch of a share of the picture that alternates between two colours, so often a second."""

    hertz: float
    seconds: float = 2.0
    area: float = 1.0
    dark: Colour = level(0.1)
    light: Colour = level(0.7)
    begins_s: float = 0.5

    def frames(self) -> list[Pixels]:
        """Draw it, with half a second of calm before and after."""
        rows = round(HEIGHT * self.area)
        made = []
        for number in range(round((self.seconds + 1) * RATE)):
            time = number / RATE - self.begins_s
            on = 0 <= time < self.seconds and int(time * self.hertz * 2 + 1e-6) % 2 == 0
            lines = np.full((HEIGHT, WIDTH, 3), level(0.1), np.uint8)
            lines[:rows] = self.light if on else self.dark
            made.append(lines)
        return made


HARMLESS = {
    "two a second": Flashing(2),
    "three a second": Flashing(3, seconds=1.0),
    "fast on a fifth": Flashing(8, area=0.2),
    "fast and faint": Flashing(8, dark=level(0.4), light=level(0.47)),
    "fast and all bright": Flashing(8, dark=level(0.85), light=level(1.0)),
    "red that does not flash": Flashing(1, light=RED, dark=BLACK),
    "slow for three seconds": Flashing(2.5, seconds=3),
}
HARMFUL = {
    "five a second": Flashing(5),
    "ten a second": Flashing(10),
    "fast on a third": Flashing(6, area=0.34),
    "just strong enough": Flashing(6, dark=level(0.3), light=level(0.45)),
    "red": Flashing(5, dark=(60, 60, 60), light=RED),
    "slow, and on and on": Flashing(2.5, seconds=7),
}


async def finding_of(inspector: ProcessInspector, frames: list[Pixels]) -> Finding:
    content = films.film(frames, rate=RATE, options={"preset": "veryfast", "crf": "12"})
    return (await examined(inspector, content))["flash"]


@ASYNC
@pytest.mark.parametrize("name", HARMLESS)
async def test_harmless_flashing_passes(inspector: ProcessInspector, name: str) -> None:
    """Below a threshold, nothing is said."""
    assert (await finding_of(inspector, HARMLESS[name].frames())).status is Status.PASS


@ASYNC
@pytest.mark.parametrize("name", HARMFUL)
async def test_harmful_flashing_fails(inspector: ProcessInspector, name: str) -> None:
    """Above it, the check fails, says when, and claims no certificate."""
    finding = await finding_of(inspector, HARMFUL[name].frames())
    assert finding.status is Status.FAIL
    assert finding.at is not None
    assert finding.at[1] >= 0.5
    assert "not certified" in finding.tolerance


@ASYNC
async def test_red_is_told_from_light(inspector: ProcessInspector) -> None:
    """Red of the same luminance as its ground flashes in red only."""
    frames = Flashing(5, dark=(92, 92, 92), light=(190, 5, 5)).frames()
    assert "red" in (await finding_of(inspector, frames)).sentence


def sparkling() -> list[Pixels]:
    """Let every pixel glitter on its own, as water does."""
    chance = np.random.default_rng(1)
    return [
        chance.integers(0, 255, (HEIGHT, WIDTH, 1)).repeat(3, axis=2).astype(np.uint8)
        for _ in range(60)
    ]


def walking() -> list[Pixels]:
    """Let a white bar walk over black: each place changes twice."""
    made = []
    for number in range(60):
        lines = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        lines[:, number * 5 : number * 5 + 60] = 255
        made.append(lines)
    return made


@ASYNC
@pytest.mark.parametrize("make", [sparkling, walking])
async def test_movement_is_no_flash(
    inspector: ProcessInspector, make: Callable[[], list[Pixels]]
) -> None:
    """What glitters pixel by pixel, or moves through, does not flash as a whole."""
    assert (await finding_of(inspector, make())).status is Status.PASS
