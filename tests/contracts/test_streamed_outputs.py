"""Outputs go into the store as they come, whatever store it is, and are looked at there."""

import hashlib
import random
import tracemalloc
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from callsheet.assets.errors import OutputTooLargeError
from callsheet.assets.model import asset_key, thumbnail_key
from callsheet.assets.service import HELD, Adopter
from callsheet.blobs.content import ContentKeeper, ContentStore
from callsheet.media.studio import ProcessStudio
from callsheet.ports.pictures import UnreadableClipError, UnreadablePictureError
from tests.media.samples import as_file
from tests.media.test_clips import film

LONG = 48 << 20
MOST = 1 << 30


@pytest_asyncio.fixture
async def studio() -> AsyncIterator[ProcessStudio]:
    """Keep a process for one test."""
    studio = ProcessStudio(1)
    yield studio
    await studio.close()


@pytest.fixture
def adopter(store: ContentStore, studio: ProcessStudio) -> Adopter:
    """Adopt into each kind of store."""
    return Adopter(store, ContentKeeper(store, MOST), studio)


async def pieces(*contents: bytes) -> AsyncIterator[bytes]:
    """Stream contents as a server would send them."""
    for content in contents:
        for at in range(0, len(content), 1 << 16):
            yield content[at : at + (1 << 16)]


async def zeros(size: int) -> AsyncIterator[bytes]:
    """Stream nothing but zeros."""
    for _ in range(size >> 16):
        yield bytes(1 << 16)


async def joined(*streams: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Stream one after the other."""
    for stream in streams:
        async for piece in stream:
            yield piece


def long_film() -> tuple[bytes, bytes]:
    """Make a film whose index lies behind many megabytes of nothing: what is before and after."""
    content = film()
    index = content.rindex(b"moov") - 4
    space = (LONG + 8).to_bytes(4, "big") + b"free"
    return content[:index] + space, content[index:]


async def keys(store: ContentStore) -> set[str]:
    """List what lies in the store."""
    return {info.key async for info in store.list("")}


async def test_long_film_takes_little_memory(adopter: Adopter, store: ContentStore) -> None:
    """It is kept under its hash with its poster and its facts, a few megabytes at a time."""
    before, after = long_film()
    digest = hashlib.sha256(before)
    digest.update(bytes(LONG))
    digest.update(after)
    stream = joined(pieces(before), zeros(LONG), pieces(after))
    tracemalloc.start()
    try:
        adopted = await adopter.adopt_stream(stream, "video", "here", MOST)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    if store.url.startswith("file:"):  # a simulated bucket holds it in this process
        assert peak < 3 * HELD
    assert adopted.sha256 == digest.hexdigest()
    assert (adopted.seen.media_type, adopted.seen.size) == ("video/mp4", (320, 180))
    assert adopted.seen.thumbnail
    assert await keys(store) == {asset_key(adopted.sha256), thumbnail_key(adopted.sha256)}
    assert (await store.head(asset_key(adopted.sha256))).size == len(before) + LONG + len(after)


def large_picture() -> bytes:
    """Write a picture that is larger than what is held in memory."""
    noise = random.Random(3).randbytes(9_720_000)  # noqa: S311  # repeatable, no secret
    return as_file(Image.frombytes("RGB", (1_800, 1_800), noise), "PNG", compress_level=0)


async def test_large_picture_is_looked_at_in_the_store(
    adopter: Adopter, store: ContentStore
) -> None:
    """It has its name and its thumbnail once it has been looked at."""
    content = large_picture()
    adopted = await adopter.adopt_stream(pieces(content), "image", "here", MOST)
    assert adopted.sha256 == hashlib.sha256(content).hexdigest()
    assert adopted.seen.size == (1_800, 1_800)
    assert await keys(store) == {asset_key(adopted.sha256), thumbnail_key(adopted.sha256)}


async def test_large_picture_that_is_cut_off_leaves_nothing(
    adopter: Adopter, store: ContentStore
) -> None:
    """It is refused, and what was taken in is gone."""
    with pytest.raises(UnreadablePictureError, match="cut off"):
        await adopter.adopt_stream(pieces(large_picture()[:-100_000]), "image", "here", MOST)
    assert await keys(store) == set()


async def test_film_that_is_cut_off_leaves_nothing(adopter: Adopter, store: ContentStore) -> None:
    """Its index did not come: it is refused, and what was taken in is gone."""
    before, _ = long_film()
    stream = joined(pieces(before), zeros(LONG))
    with pytest.raises(UnreadableClipError, match="cut off"):
        await adopter.adopt_stream(stream, "video", "here", MOST)
    assert await keys(store) == set()


async def test_stream_without_end_is_refused_at_its_limit(
    adopter: Adopter, store: ContentStore
) -> None:
    """No more is taken in than is allowed, and none of it stays."""
    before, _ = long_film()
    with pytest.raises(OutputTooLargeError):
        await adopter.adopt_stream(joined(pieces(before), zeros(LONG)), "video", "here", 2 * HELD)
    assert await keys(store) == set()
    with pytest.raises(UnreadablePictureError):
        await adopter.adopt_stream(zeros(LONG), "image", "here", MOST)
    assert await keys(store) == set()
