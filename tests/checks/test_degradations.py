"""One fault at a time: each is named by its check, and ranks below the clean clip."""

import math
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageFilter
from tests.checks.examined import Found, examined, troubled
from tests.media import films
from tests.media.films import Pixels

from callsheet.checks.registry import meter_modules
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.ports.findings import Status

ASYNC = pytest.mark.asyncio(loop_scope="module")
SIZE = (384, 216)
FRAMES = 72
# what a small clip of a test cannot help: it is no 720 lines, and says nothing of its colours
ALWAYS = {"resolution", "metadata", "bitrate"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector() -> AsyncIterator[ProcessInspector]:
    """Keep two processes warm for all tests of this file."""
    inspector = ProcessInspector(2, meters=meter_modules())
    yield inspector
    await inspector.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clean(inspector: ProcessInspector) -> Found:
    """Examine the clip that nothing is wrong with."""
    return await examined(inspector, made(footage()))


def footage(seed: int = 1, speed: float = 3.0) -> list[Pixels]:
    return list(films.footage(FRAMES, seed, SIZE, speed))


def made(frames: Iterable[Pixels], **how: Any) -> bytes:
    settings = {"sound": films.atmosphere(FRAMES / 25), "muxing": {"movflags": "faststart"}}
    return films.film(frames, **{**settings, **how})


def filtered(change: Callable[[Image.Image], Image.Image]) -> list[Pixels]:
    return [np.asarray(change(Image.fromarray(lines))) for lines in footage()]


def lit(gain: Callable[[int], float], frames: Iterable[Pixels] | None = None) -> list[Pixels]:
    found = footage() if frames is None else frames
    return [(lines * gain(n)).clip(0, 255).astype(np.uint8) for n, lines in enumerate(found)]


def noisy() -> list[Pixels]:
    chance = np.random.default_rng(5)
    grain = (chance.normal(0, 16, (*SIZE[::-1], 1)) for _ in range(FRAMES))
    pairs = zip(footage(), grain, strict=True)
    return [(lines + rough).clip(0, 255).astype(np.uint8) for lines, rough in pairs]


def barred() -> list[Pixels]:
    frames = footage()
    for lines in frames:
        lines[:27] = lines[-27:] = 0
    return frames


def flashing() -> list[Pixels]:
    return lit(lambda n: 1.0 if 20 < n < 60 and (n // 3) % 2 else 0.3)


def woven() -> list[Pixels]:
    """Weave two moments into one picture, as interlaced material that was taken for whole."""
    frames = footage(speed=8)
    for before, after in pairwise(frames):
        before[1::2] = after[1::2]
    return frames


class Fault(NamedTuple):
    """A fault, the check that names it, and the status it gets."""

    check: str
    content: Callable[[], bytes]
    status: Status = Status.FAIL


FAULTS = {
    "black": Fault("black", lambda: made(lit(lambda n: 0.0 if 30 <= n < 50 else 1.0))),
    "freeze": Fault(
        "freeze", lambda: made(films.repeated(footage(), [min(n, 25) for n in range(FRAMES)]))
    ),
    "blur": Fault(
        "blur", lambda: made(filtered(lambda p: p.filter(ImageFilter.GaussianBlur(4)))), Status.WARN
    ),
    "noise": Fault("noise", lambda: made(noisy()), Status.WARN),
    "blocks": Fault(
        "blockiness",
        lambda: made(footage(), codec="mpeg4", options={"b": "40000", "qmin": "28", "qmax": "31"}),
        Status.WARN,
    ),
    "flicker": Fault("flicker", lambda: made(lit(lambda n: 1.04 if n % 2 else 0.96)), Status.WARN),
    "bars": Fault("letterbox", lambda: made(barred()), Status.WARN),
    "flashes": Fault("flash", lambda: made(flashing())),
    "interlaced": Fault("interlace", lambda: made(woven())),
    "unrelated": Fault(
        "coherence",
        lambda: made(next(films.footage(1, 100 + n, SIZE)) for n in range(FRAMES)),
    ),
    "25 in 30": Fault(
        "cadence",
        lambda: made(films.repeated(footage(), [n * 25 // 30 for n in range(FRAMES)]), rate=30),
    ),
    "begins black": Fault("edges", lambda: made(lit(lambda n: 0.0 if n < 2 else 1.0))),
    "ends in a fade": Fault(
        "edges", lambda: made(lit(lambda n: min(1.0, 0.3 + (FRAMES - n) / 20)))
    ),
    "begins elsewhere": Fault("edges", lambda: made([*footage(7)[:2], *footage()[2:]])),
    "silent": Fault("silence", lambda: made(footage(), sound=films.atmosphere(2.88) * 0)),
    "too loud": Fault("loudness", lambda: made(footage(), sound=films.atmosphere(2.88) * 3)),
    "too quiet": Fault("loudness", lambda: made(footage(), sound=films.atmosphere(2.88) / 9)),
    "cut off": Fault(
        "clipping",
        lambda: made(
            footage(),
            sound=(films.tone(2.88, level_db=6)).clip(-1, 1),
            sound_codec="pcm_s16le",
            kind="mov",
        ),
    ),
    "against each other": Fault(
        "phase",
        lambda: made(footage(), sound=films.tone(2.88) * np.array([[1], [-1]], np.float32)),
    ),
    "sound begins late": Fault(
        "audio_sync", lambda: made(footage(), sound=films.atmosphere(2.6), sound_starts_s=0.25)
    ),
    "sound ends early": Fault("duration", lambda: made(footage(), sound=films.atmosphere(1.2))),
}


@ASYNC
async def test_clean_clip_has_nothing_to_say(clean: Found) -> None:
    """No check warns of a sound clip."""
    assert troubled(clean, ALWAYS) == set()


@ASYNC
@pytest.mark.parametrize("name", FAULTS)
async def test_fault_is_named_by_its_check(
    inspector: ProcessInspector, clean: Found, name: str
) -> None:
    """The check says so, with a number that is not the clean clip's, and what to do."""
    fault = FAULTS[name]
    finding = (await examined(inspector, fault.content()))[fault.check]
    assert finding.status is fault.status
    assert finding.sentence.endswith(".")
    assert finding.advice
    assert clean[fault.check].status in {Status.PASS, Status.NOT_APPLICABLE}
    assert finding.value != clean[fault.check].value


@ASYNC
async def test_time_of_a_fault_is_told(inspector: ProcessInspector) -> None:
    """A stretch of black from 1.2 to 2 s."""
    finding = (await examined(inspector, FAULTS["black"].content()))["black"]
    assert finding.at == pytest.approx((1.2, 2.0), abs=0.05)
    assert finding.worst is not None
    assert 1.2 < finding.worst < 2.0


@ASYNC
async def test_cadence_names_its_period(inspector: ProcessInspector) -> None:
    """Every sixth frame is a repeat."""
    found = await examined(inspector, FAULTS["25 in 30"].content())
    assert "6th" in found["cadence"].sentence


@ASYNC
@pytest.mark.parametrize("seed", [1, 2, 5, 8])
async def test_coherence_and_cadence_separate_clips_from_their_ruin(
    inspector: ProcessInspector, seed: int
) -> None:
    """Four clips, their frames shuffled, and with repeats."""
    frames = footage(seed, speed=5)
    chance = np.random.default_rng(seed)
    shuffled = [int(n) for n in chance.permutation(FRAMES)]
    stretched = [n * 25 // 30 for n in range(FRAMES)]
    orders = (range(FRAMES), shuffled, stretched)
    whole, mixed, padded = [
        await examined(inspector, made(films.repeated(frames, order))) for order in orders
    ]
    assert whole["coherence"].status is Status.PASS
    assert whole["cadence"].status is Status.PASS
    assert mixed["coherence"].status is Status.FAIL
    assert padded["cadence"].status is Status.FAIL


@ASYNC
async def test_still_clip_is_not_called_incoherent(inspector: ProcessInspector) -> None:
    """Noise differs as much over two steps as over one; a clip that hardly moves is not judged."""
    chance, first = np.random.default_rng(3), footage()[0].astype(np.int16)
    grain = (chance.integers(-6, 7, (*SIZE[::-1], 1)) for _ in range(FRAMES))
    still = [(first + each).clip(0, 255).astype(np.uint8) for each in grain]
    found = await examined(inspector, made(still))
    assert found["coherence"].status is Status.NOT_APPLICABLE
    assert found["cadence"].status is not Status.FAIL


@ASYNC
async def test_flaw_in_a_check_is_an_error_and_no_pass(clean: Found) -> None:
    """What was measured never has a value that is not a number."""
    values = [each.value for each in clean.values() if isinstance(each.value, float)]
    assert not any(map(math.isnan, values))
