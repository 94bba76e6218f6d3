"""A place's object store, as the processes there see it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from callsheet.blobs.opening import open_store
from callsheet.ports.blobs import BlobNotFoundError, BlobStore
from tests.support.processes import Place

T = TypeVar("T")


def in_store(place: Place, work: Callable[[BlobStore], Awaitable[T]]) -> T:
    """Do something with the place's object store, as the processes there see it."""

    async def go() -> T:
        url = f"file://{place.folder}/data/store"
        store = open_store(url, secret=b"x" * 32, options={})
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(go())


def keys(place: Place, prefix: str) -> list[str]:
    """List the keys under a prefix, in order."""

    async def go(store: BlobStore) -> list[str]:
        return [info.key async for info in store.list(prefix)]

    return in_store(place, go)


def content(place: Place, key: str) -> bytes:
    """Read an object; empty if there is none."""

    async def go(store: BlobStore) -> bytes:
        try:
            return await store.get(key)
        except BlobNotFoundError:
            return b""

    return in_store(place, go)
