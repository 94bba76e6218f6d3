"""Mutated files: no crash, no call to the outside, an answer in time, and no false praise.

The suite takes a few of each kind; with CALLSHEET_MUTATIONS=100 (500 files) it takes the whole.
"""

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from tests.checks.examined import examined
from tests.media import films
from tests.media.samples import as_file, mutated, painted

from callsheet.checks.registry import meter_modules
from callsheet.media.measuring.inspector import ProcessInspector
from callsheet.ports.findings import Status

ASYNC = pytest.mark.asyncio(loop_scope="module")
EACH = int(os.environ.get("CALLSHEET_MUTATIONS", "8"))
FRAMES = 24
SIZE = (192, 108)
CPU_S = 1.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspector() -> AsyncIterator[ProcessInspector]:
    """Keep two processes warm for all tests of this file."""
    inspector = ProcessInspector(2, meters=meter_modules())
    yield inspector
    await inspector.close()


def clip(kind: str, codec: str) -> Callable[[], bytes]:
    return lambda: films.film(
        films.footage(FRAMES, 1, SIZE),
        kind=kind,
        codec=codec,
        sound=films.tone(1),
        sound_codec="aac" if kind == "mp4" else "libopus",
    )


KINDS: dict[str, Callable[[], bytes]] = {
    "mp4": clip("mp4", "libx264"),
    "webm": clip("webm", "libvpx-vp9"),
    "png": lambda: as_file(painted(1, (200, 120)), "PNG"),
    "jpeg": lambda: as_file(painted(1, (200, 120)), "JPEG"),
    "webp": lambda: as_file(painted(1, (200, 120)), "WEBP"),
}


@ASYNC
@pytest.mark.parametrize("kind", KINDS)
async def test_mutated_files_are_answered(inspector: ProcessInspector, kind: str) -> None:
    """Every one gets a finding on its integrity; the processes that decode outlive none."""
    whole = KINDS[kind]()
    await asyncio.gather(*(worker.start() for worker in inspector.workers))
    before = [worker._process.pid for worker in inspector.workers if worker._process]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        began = time.process_time()
        for seed in range(EACH):
            found = await examined(inspector, mutated(whole, seed))
            assert found["integrity"].status in set(Status) - {Status.ERROR}, found["integrity"]
            assert not [each for each in found.values() if each.status is Status.ERROR]
        assert (time.process_time() - began) / EACH < CPU_S
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert [worker._process.pid for worker in inspector.workers if worker._process] == before


@ASYNC
async def test_lost_frames_are_never_passed(inspector: ProcessInspector) -> None:
    """Bytes changed within what is coded: where a strict decoder loses a frame, it fails."""
    whole = KINDS["mp4"]()
    start = whole.index(b"mdat") + 100
    chance = random.Random(9)  # noqa: S311  # seeded so that tests repeat
    failed = 0
    for _ in range(EACH):
        damaged = bytearray(whole)
        for _ in range(60):
            damaged[chance.randrange(start, start + len(whole) // 2)] = chance.randrange(256)
        finding = (await examined(inspector, bytes(damaged)))["integrity"]
        failed += finding.status is Status.FAIL
    assert failed >= EACH - 1  # a change may be of a bit that nobody needs
