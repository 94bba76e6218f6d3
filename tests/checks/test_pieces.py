"""Long clips in pieces: the same findings as the whole, to the number."""

import math
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from tests.media import films

from callsheet.checks.registry import all_checks, meter_modules
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.media.measuring.pieces import pieces_of
from callsheet.media.measuring.sources import opened_file
from callsheet.ports.checks import Facts
from callsheet.ports.findings import Finding
from callsheet.ports.measuring import Measured, Probe, Trace
from callsheet.quality.profiles import load_profile

SIZE = (192, 108)
FRAMES = 300


@pytest_asyncio.fixture
async def inspector() -> AsyncIterator[ProcessInspector]:
    """Keep two processes."""
    inspector = ProcessInspector(2, meters=meter_modules())
    yield inspector
    await inspector.close()


@pytest_asyncio.fixture
async def cutting() -> AsyncIterator[ProcessInspector]:
    """Keep two processes that are handed every clip in six pieces."""
    edges = [-math.inf, 1.7, 4.0, 4.04, 6.0, 9.8, math.inf]
    inspector = ProcessInspector(2, meters=meter_modules(), cut=lambda *_: list(pairwise(edges)))
    yield inspector
    await inspector.close()


def test_short_clip_is_one_piece() -> None:
    """Up to a minute nothing is cut."""
    assert pieces_of(0.0, 60.0, [0.0, 30.0]) == [(-math.inf, math.inf)]


@pytest.mark.parametrize("duration", [61.0, 90.0, 125.0, 600.0, 3_601.0])
def test_pieces_cover_the_clip_and_are_of_bearable_length(duration: float) -> None:
    """Each begins where the one before ends, and none is of more than a minute."""
    pieces = pieces_of(0.0, duration, [n * 2.0 for n in range(int(duration / 2))])
    edges = [0.0, *(start for start, _ in pieces[1:]), duration]
    lengths = [after - before for before, after in pairwise(edges)]
    assert [end for _, end in pieces[:-1]] == [start for start, _ in pieces[1:]]
    assert max(lengths) <= 60
    assert min(lengths) >= 29
    assert pieces[0][0] == -math.inf
    assert pieces[-1][1] == math.inf


def test_cut_is_made_where_a_scene_begins() -> None:
    """A keyframe out of turn is where an encoder saw a cut."""
    keyframes = [*(n * 4.0 for n in range(11)), *(41.5 + n * 4.0 for n in range(14))]
    assert pieces_of(0.0, 100.0, keyframes)[0] == (-math.inf, 41.5)


def test_clip_without_keyframes_is_cut_all_the_same() -> None:
    """Decoding then starts further back."""
    assert pieces_of(0.0, 100.0, [0.0])[0] == (-math.inf, 60.0)


async def test_pieces_cannot_be_told_from_the_whole(
    inspector: ProcessInspector, cutting: ProcessInspector, tmp_path: Path
) -> None:
    """A clip with cuts, black, a freeze and flashes, cut at five places, each number compared."""
    frames = [
        *films.footage(100, 1, SIZE),
        *films.footage(100, 2, SIZE),
        *films.footage(100, 3, SIZE),
    ]
    for number in range(96, 106):  # black across a place of cutting
        frames[number] = np.zeros_like(frames[number])
    for number in range(150, 200):
        frames[number] = frames[150]
    for number in range(230, 270, 4):
        frames[number] = np.full_like(frames[number], 235)
        frames[number + 1] = frames[number]
    path = tmp_path / "long.mp4"
    films.write_film(path, frames, options={"preset": "veryfast", "crf": "18", "g": "25"})
    with opened_file(path) as file:
        probe = await inspector.probe(file)
        whole = await inspector.measure(file, probe)
        parts = await cutting.measure(file, probe)
    assert whole.trace is not None
    assert parts.trace is not None
    assert_same(whole.trace, parts.trace)
    assert findings(probe, whole) == findings(probe, parts)


def findings(probe: Probe, measured: Measured) -> list[Finding]:
    profile = load_profile("web", all_checks())
    return profile.judge(all_checks(), Facts(probe, measured))


def assert_same(one: Trace, other: Trace) -> None:
    """Compare every number of two traces."""
    assert list(one.times) == list(other.times)
    for name, values in one.columns.items():
        assert np.array_equal(values, other.columns[name], equal_nan=True), name
