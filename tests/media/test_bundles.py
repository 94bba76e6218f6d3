"""Thumbnails that wait go through a process together, by origin; each still gets its own answer."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from PIL import Image
from tests.media.samples import as_file, opened, painted

from callsheet.media.bundles import MOST, MOST_BYTES, Thumbnails
from callsheet.media.wire import Message
from callsheet.media.workers import Worker, WorkerSettings
from callsheet.ports.pictures import UnreadablePictureError

SETTINGS = WorkerSettings(20, 2 << 30, 50_000_000, 16_384)


@dataclass
class Desk:
    """One real process, lent out to one bundle at a time, and what was put to it."""

    worker: Worker = field(default_factory=lambda: Worker(SETTINGS))
    bundles: list[list[bytes]] = field(default_factory=list)
    deadly: bytes = b"none of them"
    free: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Worker]:
        """Wait for the process."""
        async with self.free:
            yield self.worker

    async def ask(self, worker: Worker, job: Message) -> Message:
        """Put a job to it, and fail as the studio does when a decoder breaks its process."""
        self.bundles.append(list(job.blobs))
        if self.deadly in job.blobs:
            raise UnreadablePictureError("decoding it broke its process")
        return await worker.ask(job, 20)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Keep a process for one test."""
    desk = Desk()
    yield desk
    await desk.worker.stop()


def static(seed: int) -> Image.Image:
    """Make a picture that does not compress."""
    return Image.frombytes("RGB", (500, 500), random.Random(seed).randbytes(750_000))  # noqa: S311


def pictures(count: int) -> list[bytes]:
    """Paint pictures that can be told apart by their height."""
    return [as_file(painted(n, (400, 200 + 4 * n)), "PNG") for n in range(count)]


async def test_bundles_are_of_one_origin(desk: Desk) -> None:
    """Few processes for many pictures, and never two origins in one."""
    thumbnails = Thumbnails(desk.borrow, desk.ask)
    painted_ones = pictures(MOST + 4)
    ours, theirs = painted_ones[: MOST + 2], painted_ones[MOST + 2 :]
    made = await asyncio.gather(
        *(thumbnails.make(content, 100, "ours") for content in ours),
        *(thumbnails.make(content, 100, "theirs") for content in theirs),
    )
    assert [opened(each.thumbnail or b"").size for each in made] == [
        (100, 50 + n) for n in range(MOST + 4)
    ]
    assert sorted(map(len, desk.bundles)) == [2, 2, MOST]
    assert not any(set(bundle) & set(ours) and set(bundle) & set(theirs) for bundle in desk.bundles)


async def test_large_pictures_go_alone(desk: Desk) -> None:
    """A bundle stays small in bytes: beyond that a process of its own costs little."""
    thumbnails = Thumbnails(desk.borrow, desk.ask)
    large = [as_file(noise, "PNG") for noise in map(static, range(3))]
    assert MOST_BYTES / 2 < len(large[0]) < MOST_BYTES
    await asyncio.gather(*(thumbnails.make(content, 100, "ours") for content in large))
    assert sorted(map(len, desk.bundles)) == [1, 1, 1]


async def test_fault_is_told_to_all_who_wait(desk: Desk) -> None:
    """Nobody is left waiting when there is no process to be had."""

    async def fails(_worker: Worker, _job: Message) -> Message:
        raise OSError("no more processes")

    thumbnails = Thumbnails(desk.borrow, fails)
    wishes = (thumbnails.make(content, 100, "ours") for content in pictures(MOST + 1))
    answers = await asyncio.gather(*wishes, return_exceptions=True)
    assert [str(each) for each in answers] == ["no more processes"] * (MOST + 1)


async def test_bad_picture_harms_none_beside_it(desk: Desk) -> None:
    """What cannot be read is refused alone, and so is what breaks the process of a whole bundle."""
    thumbnails = Thumbnails(desk.borrow, desk.ask)
    good = pictures(4)
    desk.deadly = good[2]
    wishes = [*good, b"<html>", good[0][:500]]
    answers = await asyncio.gather(
        *(thumbnails.make(content, 100, "ours") for content in wishes), return_exceptions=True
    )
    refused = {at: str(each) for at, each in enumerate(answers) if isinstance(each, BaseException)}
    assert refused.keys() == {2, 4, 5}
    assert "broke its process" in refused[2]
    assert "HTML" in refused[4]
    assert "damaged or cut off" in refused[5]
    assert [len(bundle) for bundle in desk.bundles] == [6, 1, 1, 1, 1, 1, 1]


async def test_who_gave_up_is_left_out(desk: Desk) -> None:
    """A cancelled wish is not made, and the others are."""
    thumbnails = Thumbnails(desk.borrow, desk.ask)
    one, other = pictures(2)
    async with desk.free:
        cancelled = asyncio.create_task(thumbnails.make(one, 100, "ours"))
        wanted = asyncio.create_task(thumbnails.make(other, 100, "ours"))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.sleep(0)
    assert opened((await wanted).thumbnail or b"").size == (100, 51)
    assert desk.bundles == [[other]]
