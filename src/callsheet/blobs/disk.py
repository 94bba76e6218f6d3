"""The local object store: a folder, safe with many processes, that survives a crash at any line."""

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import ParamSpec, TypeVar

from callsheet.blobs.blocks import BLOCK_BYTES, gathered
from callsheet.blobs.cancellation import to_its_end
from callsheet.blobs.files import Files
from callsheet.blobs.links import check_link_request, checked_secret, signed_path
from callsheet.blobs.names import checked_content_type, checked_key, checked_prefix
from callsheet.ports.blobs import (
    BlobInfo,
    Condition,
    Content,
    StoreFullError,
    StoreUnavailableError,
)

P = ParamSpec("P")
T = TypeVar("T")

_LISTED_AT_ONCE = 200
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # no space, no quota, past the file size limit


class DiskStore:
    """Objects in a folder of this host. Disk work runs in threads, a block at a time."""

    def __init__(
        self, root: Path, secret: bytes, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._root = root.absolute()
        self._secret = checked_secret(secret)
        self._clock = clock
        self._files = Files(self._root, self.url)
        self._prepared = False
        self._preparing = Lock()

    @property
    def url(self) -> str:
        """Where this store is."""
        return self._root.as_uri()

    async def put(
        self, key: str, content: Content, content_type: str, condition: Condition = None
    ) -> BlobInfo:
        """Write one object, whole or not at all."""
        checked_key(key)
        checked_content_type(content_type)
        if isinstance(content, bytes):
            return await self._run(self._files.put, key, content, content_type, condition)
        return await self._put_stream(key, content, content_type, condition)

    async def head(self, key: str) -> BlobInfo:
        """Describe an object."""
        return await self._run(self._files.head, checked_key(key))

    async def get(self, key: str) -> bytes:
        """Read a small object whole."""
        return await self._run(self._files.get, checked_key(key))

    async def stream(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Read a range in blocks; all blocks are of the version that was there at the start."""
        reader = self._files.reader(checked_key(key))
        try:
            size = (await self._run(self._files.open, reader, key)).size
            end = size if length is None else min(size, start + length)
            while start < end:
                block = await self._run(reader.read, start, min(BLOCK_BYTES, end - start))
                start += len(block)
                yield block
        finally:
            reader.close()

    async def list(self, prefix: str) -> AsyncIterator[BlobInfo]:
        """Walk objects whose key begins with `prefix`, in order of key."""
        walker = self._files.walk(checked_prefix(prefix))
        while batch := await self._run(lambda: [*islice(walker, _LISTED_AT_ONCE)]):
            for info in batch:
                yield info

    async def delete(self, key: str) -> None:
        """Remove an object; removing what is not there is no error."""
        await self._run(self._files.remove, checked_key(key))

    async def move(self, source: str, target: str) -> BlobInfo:
        """Give an object another key, replacing what is there. `source` is the caller's alone."""
        return await self._run(self._files.move, checked_key(source), checked_key(target))

    async def signed_url(
        self, key: str, expires_in_s: int, download_name: str | None = None
    ) -> str:
        """Make a path that the web door serves until it expires."""
        check_link_request(expires_in_s, download_name)
        expires_at = int(self._clock()) + expires_in_s
        return signed_path(self._secret, checked_key(key), expires_at, download_name)

    async def check(self) -> None:
        """Raise StoreUnavailableError unless a file can be written and read."""
        await self._run(self._files.check)

    async def close(self) -> None:
        """Nothing is kept open between calls."""

    async def _put_stream(
        self, key: str, content: AsyncIterator[bytes], content_type: str, condition: Condition
    ) -> BlobInfo:
        draft = self._files.draft()
        try:
            await self._run(draft.open)
            async for block in gathered(content, BLOCK_BYTES):
                await self._run(draft.write, block)
            return await self._run(self._files.place, draft, key, content_type, condition)
        finally:
            await self._run(draft.discard)

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do blocking work in a thread, to its end even if we are cancelled.

        A file that is given up must not be closed while a thread still writes to it.
        """
        call = partial(work, *args, **kwargs)
        return await to_its_end(asyncio.ensure_future(asyncio.to_thread(self._work, call)))

    def _work(self, work: Callable[[], T]) -> T:
        try:
            self._prepare()
            return work()
        except OSError as error:
            reason = f"{error.strerror} ({error.filename})" if error.filename else error.strerror
            known = StoreFullError if error.errno in _FULL else StoreUnavailableError
            raise known(self.url, reason or type(error).__name__) from error

    def _prepare(self) -> None:
        if self._prepared:
            return
        with self._preparing:
            if not self._prepared:
                self._files.prepare()
                self._prepared = True
