"""Content addressing: bytes are kept once, under the SHA-256 of what they are."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from callsheet.blobs.blocks import BLOCK_BYTES, chained, gathered
from callsheet.blobs.errors import ContentTooLargeError
from callsheet.kernel.digests import Sha256
from callsheet.ports.blobs import (
    Arrival,
    BlobConflictError,
    BlobInfo,
    BlobNotFoundError,
    BlobStore,
    Content,
    CreateOnly,
    Stored,
)

INCOMING = "incoming/"  # streams on their way to their hash; a crash leaves them for the sweep

_HELD_BYTES = 8 * BLOCK_BYTES  # what ends within this goes straight to its hash
_HASHED_IN_PLACE_BYTES = BLOCK_BYTES // 4  # more would keep the loop from its other work


class ContentStore(BlobStore, Protocol):
    """A store that can give an object another key without passing its bytes through us."""

    async def move(self, source: str, target: str) -> BlobInfo:
        """Replace `target` by `source`, which nobody else writes. Raises BlobNotFoundError."""


def content_key(sha256: Sha256) -> str:
    """Name the place of content."""
    return f"assets/{sha256[:2]}/{sha256}"


async def put_content(
    store: ContentStore,
    content: Content,
    media_type: str,
    *,
    max_bytes: int,
    new: Sha256 | None = None,
) -> Stored:
    """Keep content under its hash; what is already there is not written again.

    `new` is the hash of bytes that are hardly ever there: they are written without a look. A stream
    is held in bounded memory. The type of the first write stays. Raises ContentTooLargeError beyond
    `max_bytes`, with nothing kept.
    """
    if new is not None and isinstance(content, bytes):
        return await _put_new(store, content, media_type, new, max_bytes)
    measure = _Measure(max_bytes)
    if isinstance(content, bytes):
        await measure.add(content)
        return await _put_whole(store, content, media_type, measure)
    blocks = gathered(measure.through(content), _HELD_BYTES)
    first = await anext(aiter(blocks), b"")
    if len(first) < _HELD_BYTES:
        return await _put_whole(store, first, media_type, measure)
    return await _place(store, await _receive(store, chained(first, blocks), media_type, measure))


@dataclass(frozen=True, slots=True)
class ContentKeeper:
    """Implements `callsheet.ports.blobs.Keeper` on one store."""

    store: ContentStore
    max_bytes: int

    async def keep(self, content: Content, media_type: str, *, new: Sha256 | None = None) -> Stored:
        """Keep content under its hash; see `put_content`."""
        return await put_content(self.store, content, media_type, max_bytes=self.max_bytes, new=new)

    async def receive(self, content: AsyncIterator[bytes], media_type: str) -> Arrival:
        """Take a stream in, hashed on its way. Raises ContentTooLargeError, with nothing kept."""
        measure = _Measure(self.max_bytes)
        return await _receive(self.store, measure.through(content), media_type, measure)

    async def place(self, arrival: Arrival) -> Stored:
        """Give what was taken in the name of its hash."""
        return await _place(self.store, arrival)


async def sweep_incoming(store: BlobStore, older_than: datetime) -> int:
    """Remove streams that never arrived, because their process died; answer how many."""
    stale = [info.key async for info in store.list(INCOMING) if info.modified_at < older_than]
    for key in stale:
        await store.delete(key)
    return len(stale)


class _Measure:
    """Counts and hashes what passes."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._digest = hashlib.sha256()
        self._size = 0

    async def add(self, content: bytes) -> None:
        """Take more bytes into account."""
        self._size += len(content)
        if self._size > self._max_bytes:
            raise ContentTooLargeError(self._max_bytes)
        if len(content) > _HASHED_IN_PLACE_BYTES:
            await asyncio.to_thread(self._digest.update, content)
        else:
            self._digest.update(content)

    async def through(self, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass a stream on, measured."""
        async for piece in content:
            await self.add(piece)
            yield piece

    def stored(self) -> Stored:
        """Say what has passed so far."""
        sha256 = Sha256(self._digest.hexdigest())
        return Stored(sha256, self._size, content_key(sha256))


async def _put_new(
    store: BlobStore, content: bytes, media_type: str, sha256: Sha256, max_bytes: int
) -> Stored:
    if len(content) > max_bytes:
        raise ContentTooLargeError(max_bytes)
    stored = Stored(sha256, len(content), content_key(sha256))
    with suppress(BlobConflictError):  # the same bytes, by another hand
        await store.put(stored.key, content, media_type, CreateOnly())
    return stored


async def _put_whole(
    store: BlobStore, content: bytes, media_type: str, measure: _Measure
) -> Stored:
    stored = measure.stored()
    if not await _holds(store, stored.key):
        with suppress(BlobConflictError):  # the same bytes, by another hand, just now
            await store.put(stored.key, content, media_type, CreateOnly())
    return stored


async def _receive(
    store: ContentStore, content: AsyncIterator[bytes], media_type: str, measure: _Measure
) -> Arrival:
    incoming = INCOMING + os.urandom(16).hex()
    await store.put(incoming, content, media_type)
    return Arrival(incoming, measure.stored())


async def _place(store: ContentStore, arrival: Arrival) -> Stored:
    if await _holds(store, arrival.stored.key):
        await store.delete(arrival.key)
    else:
        await store.move(arrival.key, arrival.stored.key)
    return arrival.stored


async def _holds(store: BlobStore, key: str) -> bool:
    try:
        await store.head(key)
    except BlobNotFoundError:
        return False
    return True
