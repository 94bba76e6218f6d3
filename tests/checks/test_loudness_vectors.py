"""EBU Tech 3341 and 3342: the signals of their tables, made from their definitions."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from tests.media import films
from tests.media.films import RATE, Samples

from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.media.measuring.sources import opened_file
from callsheet.ports.measuring import Sound

ASYNC = pytest.mark.asyncio(loop_scope="module")
HERTZ = 1_000.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector() -> AsyncIterator[ProcessInspector]:
    """Keep one process warm for all tests of this file."""
    inspector = ProcessInspector(1)
    yield inspector
    await inspector.close()


def passages(*parts: tuple[float, float]) -> Samples:
    """Make a sine of 1000 Hz that goes on through passages of level (dBFS) and seconds."""
    gains = np.concatenate([np.full(round(s * RATE), 10 ** (db / 20)) for db, s in parts])
    wave = np.sin(np.arange(len(gains)) * (2 * np.pi * HERTZ / RATE)) * gains
    return np.stack((wave, wave)).astype(np.float32)


async def heard(inspector: ProcessInspector, folder: Path, sound: Samples) -> Sound:
    """Measure a sound that was written as 24-bit PCM."""
    path = folder / "vector.wav"
    films.write_sound(path, sound)
    with opened_file(path) as file:
        measured = await inspector.measure(file, await inspector.probe(file))
    assert measured.sound is not None
    return measured.sound


INTEGRATED = {
    "case 1": ([(-23.0, 20.0)], -23.0),
    "case 2": ([(-33.0, 20.0)], -33.0),
    "case 3": ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
    "case 4": (
        [(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)],
        -23.0,
    ),
    "case 5": ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
}


@ASYNC
@pytest.mark.parametrize("case", INTEGRATED)
async def test_integrated_loudness(inspector: ProcessInspector, tmp_path: Path, case: str) -> None:
    """Tech 3341, within 0.1 LU."""
    parts, expected = INTEGRATED[case]
    sound = await heard(inspector, tmp_path, passages(*parts))
    assert sound.loudness == pytest.approx(expected, abs=0.1)


@ASYNC
async def test_short_term_loudness_holds(inspector: ProcessInspector, tmp_path: Path) -> None:
    """Tech 3341, case 9: 1.34 s at -20 and 1.66 s at -30, five times; always -23."""
    sound = await heard(inspector, tmp_path, passages(*[(-20.0, 1.34), (-30.0, 1.66)] * 5))
    assert sound.short_term == pytest.approx(-23.0, abs=0.1)


def peaking(divisor: int, degrees: float, level: float, seconds: float = 2.0) -> Samples:
    """Make a sine of a fraction of the sampling rate, at a phase, that fades in and out."""
    count = round(seconds * RATE)
    wave = np.sin(np.arange(count) * (2 * np.pi / divisor) + np.radians(degrees)) * level
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (RATE / 20))
    return np.stack([wave * fade] * 2).astype(np.float32)


PEAKS = {
    "case 15": (4, 0.0, 0.50, -6.0),
    "case 16": (4, 45.0, 0.50, -6.0),
    "case 17": (6, 60.0, 0.50, -6.0),
    "case 18": (8, 67.5, 0.50, -6.0),
    "case 19": (4, 45.0, 1.41, 3.0),
}


@ASYNC
@pytest.mark.parametrize("case", PEAKS)
async def test_true_peak(inspector: ProcessInspector, tmp_path: Path, case: str) -> None:
    """Tech 3341: between +0.2 and -0.4 dB of the peak that lies between samples."""
    divisor, degrees, level, expected = PEAKS[case]
    path = tmp_path / "peak.wav"
    films.write_sound(path, peaking(divisor, degrees, level), codec="pcm_f32le")
    with opened_file(path) as file:
        sound = (await inspector.measure(file, await inspector.probe(file))).sound
    assert sound is not None
    assert sound.true_peak is not None
    assert expected - 0.4 <= sound.true_peak <= expected + 0.2


RANGES: dict[str, tuple[Sequence[tuple[float, float]], float]] = {
    "case 1": ([(-20.0, 20.0), (-30.0, 20.0)], 10.0),
    "case 2": ([(-20.0, 20.0), (-15.0, 20.0)], 5.0),
    "case 3": ([(-40.0, 20.0), (-20.0, 20.0)], 20.0),
    "case 4": ([(-50.0, 20.0), (-35.0, 20.0), (-20.0, 20.0), (-35.0, 20.0), (-50.0, 20.0)], 15.0),
}


@ASYNC
@pytest.mark.parametrize("case", RANGES)
async def test_loudness_range(inspector: ProcessInspector, tmp_path: Path, case: str) -> None:
    """Tech 3342, within 1 LU."""
    parts, expected = RANGES[case]
    sound = await heard(inspector, tmp_path, passages(*parts))
    assert sound.loudness_range == pytest.approx(expected, abs=1.0)


@ASYNC
async def test_mono_and_silence_are_no_surprise(
    inspector: ProcessInspector, tmp_path: Path
) -> None:
    """One channel has no phase, and silence no loudness."""
    one = await heard(inspector, tmp_path, films.tone(3)[:1])
    assert one.correlation is None
    nothing = await heard(inspector, tmp_path, films.tone(3) * 0)
    assert nothing.loudness is None
    assert nothing.true_peak is None
