"""A slate: flash and beep at known moments, apart by known offsets."""

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from tests.checks.examined import examined
from tests.media import films
from tests.media.films import RATE, Samples

from callsheet.checks.registry import meter_modules
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.ports.findings import Status

ASYNC = pytest.mark.asyncio(loop_scope="module")
SIZE = (192, 108)
FRAMES = 100
FLASHES = (15, 40, 63, 88)  # frames, of 25 a second
OFFSETS = (-200, -120, -60, 0, 40, 120, 200)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector() -> AsyncIterator[ProcessInspector]:
    """Keep two processes warm for all tests of this file."""
    inspector = ProcessInspector(2, meters=meter_modules())
    yield inspector
    await inspector.close()


def beeps(late_ms: float) -> Samples:
    """Beep for 60 ms at each flash, `late_ms` after it."""
    track = np.zeros((2, FRAMES * RATE // 25), np.float32)
    beep = films.tone(0.06, 1_000, -6)
    for frame in FLASHES:
        start = round((frame / 25 + late_ms / 1000) * RATE)
        track[:, start : start + beep.shape[1]] = beep
    return track


def slate(late_ms: float, **how: Any) -> bytes:
    """Make a slate whose sound comes `late_ms` after its flashes."""
    lines = np.full((*SIZE[::-1], 3), 40, np.uint8)
    white = np.full((*SIZE[::-1], 3), 220, np.uint8)
    frames = (white if n in FLASHES or n - 1 in FLASHES else lines for n in range(FRAMES))
    return films.film(frames, sound=beeps(late_ms), **how)


@ASYNC
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("codec", ["pcm_s16le", "aac"])
async def test_offset_is_found_within_five_milliseconds(
    inspector: ProcessInspector, offset: int, codec: str
) -> None:
    """Early sound is positive; AAC's own delay is not counted."""
    found = await examined(inspector, slate(offset, kind="mov", sound_codec=codec))
    finding = found["event_sync"]
    assert finding.value == pytest.approx(-offset, abs=5)
    early = -offset
    bad, seen = early > 90 or offset > 185, early > 45 or offset > 125
    expected = Status.FAIL if bad else Status.WARN if seen else Status.PASS
    assert finding.status is expected
    assert found["audio_sync"].status is Status.PASS  # the timeline says nothing of it


@ASYNC
async def test_clip_without_events_is_not_judged(inspector: ProcessInspector) -> None:
    """Nothing can be paired in a rustle, and no number is made up."""
    content = films.film(films.footage(50, 1, SIZE), sound=films.atmosphere(2))
    finding = (await examined(inspector, content))["event_sync"]
    assert finding.status is Status.NOT_APPLICABLE
    assert finding.value is None


@ASYNC
async def test_sound_that_starts_late_is_found_on_the_timeline(inspector: ProcessInspector) -> None:
    """A track that begins 250 ms after the pictures."""
    sound = films.atmosphere(1.7)
    content = films.film(films.footage(50, 1, SIZE), sound=sound, sound_starts_s=0.25)
    finding = (await examined(inspector, content))["audio_sync"]
    assert finding.status is Status.FAIL
    assert finding.value == pytest.approx(-250, abs=25)
