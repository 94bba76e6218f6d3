"""Content addressing over every kind of store."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from callsheet.blobs.content import (
    INCOMING,
    ContentStore,
    content_key,
    put_content,
    sweep_incoming,
)
from callsheet.blobs.errors import ContentTooLargeError
from callsheet.kernel.digests import sha256_of
from callsheet.ports.blobs import BlobNotFoundError, Content

MEGABYTE = 1024 * 1024
SIZES = (0, 1, 8 * MEGABYTE - 1, 8 * MEGABYTE, 8 * MEGABYTE + 1, 19 * MEGABYTE + 7)


def content_of(size: int) -> bytes:
    """Make bytes that no two sizes share."""
    return (str(size).encode() * size)[:size]


async def in_pieces(content: bytes, size: int = 700_000) -> AsyncIterator[bytes]:
    """Stream bytes."""
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def everything(store: ContentStore) -> list[str]:
    """Name all objects."""
    return [info.key async for info in store.list("")]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("streamed", [False, True])
async def test_content_is_named_by_its_hash(
    store: ContentStore, size: int, *, streamed: bool
) -> None:
    """Bytes and streams of any length end under their SHA-256, and nowhere else."""
    content = content_of(size)
    given: Content = in_pieces(content) if streamed else content

    stored = await put_content(store, given, "video/mp4", max_bytes=size)

    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert (stored.size, stored.key) == (size, f"assets/{stored.sha256[:2]}/{stored.sha256}")
    assert stored.key == content_key(stored.sha256)
    assert await store.get(stored.key) == content
    assert (await store.head(stored.key)).content_type == "video/mp4"
    assert await everything(store) == [stored.key]


@pytest.mark.parametrize("size", [5, 9 * MEGABYTE])
async def test_what_is_there_is_not_written_again(store: ContentStore, size: int) -> None:
    """The same content once more, whole or streamed, leaves the first object as it is."""
    content = content_of(size)
    first = await put_content(store, content, "image/png", max_bytes=size)
    before = await store.head(first.key)

    assert await put_content(store, content, "image/webp", max_bytes=size) == first
    assert await put_content(store, in_pieces(content), "image/webp", max_bytes=size) == first
    assert await store.head(first.key) == before
    assert await everything(store) == [first.key]


async def test_what_is_said_to_be_new_is_written_without_a_look(store: ContentStore) -> None:
    """Under the hash that is given; what was there after all stays as it is."""
    content = content_of(50_000)
    sha256 = sha256_of(content)
    first = await put_content(store, content, "image/png", max_bytes=50_000, new=sha256)
    before = await store.head(first.key)

    assert (first.sha256, first.size, first.key) == (sha256, 50_000, content_key(sha256))
    assert await store.get(first.key) == content
    assert await put_content(store, content, "a/b", max_bytes=50_000, new=sha256) == first
    assert await store.head(first.key) == before
    with pytest.raises(ContentTooLargeError):
        await put_content(store, content, "image/png", max_bytes=49_999, new=sha256)


async def test_same_content_from_many_hands(store: ContentStore) -> None:
    """Twenty tasks that bring the same content at once all succeed, with one object."""
    content = content_of(100_000)
    stored = await asyncio.gather(
        *(
            put_content(
                store, in_pieces(content) if n % 2 else content, "image/png", max_bytes=MEGABYTE
            )
            for n in range(20)
        )
    )
    assert len(set(stored)) == 1
    assert await everything(store) == [stored[0].key]


@pytest.mark.parametrize("size", [11, 9 * MEGABYTE, 20 * MEGABYTE])
async def test_too_much_is_refused(store: ContentStore, size: int) -> None:
    """One byte beyond the limit is refused, reading stops there and nothing is kept."""
    taken = 0

    async def counted() -> AsyncIterator[bytes]:
        nonlocal taken
        async for piece in in_pieces(content_of(size + MEGABYTE)):
            taken += len(piece)
            yield piece

    with pytest.raises(ContentTooLargeError) as caught:
        await put_content(store, content_of(size), "image/png", max_bytes=size - 1)
    assert caught.value.max_bytes == size - 1
    with pytest.raises(ContentTooLargeError):
        await put_content(store, counted(), "image/png", max_bytes=size - 1)
    assert taken < size + 700_000
    assert await everything(store) == []


async def test_what_never_arrived_is_swept(store: ContentStore) -> None:
    """Streams that a crash left under way are removed once they are old; the rest stays."""
    stored = await put_content(store, b"arrived", "text/plain", max_bytes=100)
    await store.put(f"{INCOMING}lost", b"lost", "text/plain")
    now = datetime.now(UTC)

    assert await sweep_incoming(store, older_than=now - timedelta(days=1)) == 0
    assert await sweep_incoming(store, older_than=now + timedelta(minutes=1)) == 1
    assert await everything(store) == [stored.key]
    with pytest.raises(BlobNotFoundError):
        await store.head(f"{INCOMING}lost")
