"""Object stores behind obstore: S3, Google Cloud Storage, Azure, and memory for tests."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import GCSStore, MemoryStore

from callsheet.blobs.blocks import BLOCK_BYTES, Source, chained, gathered
from callsheet.blobs.buckets import Patience, find_bucket
from callsheet.blobs.cancellation import to_its_end
from callsheet.blobs.errors import ConditionalStreamTooLargeError
from callsheet.blobs.links import check_link_request, checked_secret, signed_path
from callsheet.blobs.names import checked_content_type, checked_key, checked_prefix
from callsheet.blobs.refusals import is_beyond_end, is_missing_bucket, named
from callsheet.ports.blobs import (
    BlobConflictError,
    BlobInfo,
    BlobNotFoundError,
    Condition,
    Content,
    CreateOnly,
    StoreUnavailableError,
)

if TYPE_CHECKING:  # obstore has these for type checkers only
    from obstore import GetOptions, ObjectMeta, PutMode

PART_BYTES = 8 * BLOCK_BYTES  # S3 takes 10,000 parts: up to 80 GB
MAX_CONDITIONAL_STREAM_BYTES = 64 * BLOCK_BYTES

_PARTS_IN_FLIGHT = 3
_LISTED_AT_ONCE = 1000


class CloudStore:
    """Objects in a bucket. Nothing here blocks the loop: obstore works in threads of its own."""

    def __init__(
        self,
        url: str,
        secret: bytes,
        options: Mapping[str, str],
        *,
        patience: Patience | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        bucket = find_bucket(url, options, patience or Patience())
        self._url, self._store = bucket.url, bucket.store
        self._secret = checked_secret(secret)
        self._clock = clock

    @property
    def url(self) -> str:
        """Where this store is."""
        return self._url

    async def put(
        self, key: str, content: Content, content_type: str, condition: Condition = None
    ) -> BlobInfo:
        """Write one object. A stream under a condition is held in memory, within a limit."""
        checked_key(key)
        checked_content_type(content_type)
        if isinstance(content, bytes):
            return await self._put_whole(key, content, content_type, condition)
        parts = gathered(content, PART_BYTES)
        first = await anext(aiter(parts), b"")
        if len(first) < PART_BYTES:  # the stream has ended: one request instead of three
            return await self._put_whole(key, first, content_type, condition)
        if condition is not None:
            whole = await _held(key, first, parts)
            return await self._put_whole(key, whole, content_type, condition)
        return await self._put_parts(key, Source(chained(first, parts)), content_type)

    async def head(self, key: str) -> BlobInfo:
        """Describe an object."""
        with self._reading(checked_key(key)):
            # obstore's own head() leaves the content type out
            found = await obstore.get_async(self._store, key, options={"head": True})
        return self._info(key, found.meta, found.attributes.get("Content-Type", ""))

    async def get(self, key: str) -> bytes:
        """Read a small object whole."""
        with self._reading(checked_key(key)):
            found = await obstore.get_async(self._store, key)
            return (await found.bytes_async()).to_bytes()

    async def stream(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Read a range in blocks; all blocks are of the version that was there at the start."""
        if length == 0:
            await self.head(key)
            return
        with self._reading(checked_key(key)):
            try:
                found = await obstore.get_async(self._store, key, options=_range(start, length))
            except BaseError as error:
                if is_beyond_end(error):
                    return
                raise
            async for chunk in found.stream(min_chunk_size=BLOCK_BYTES):
                content = memoryview(chunk)
                for at in range(0, len(content), BLOCK_BYTES):
                    yield bytes(content[at : at + BLOCK_BYTES])

    async def list(self, prefix: str) -> AsyncIterator[BlobInfo]:
        """Walk objects whose key begins with `prefix`, in order of key.

        Buckets list neither content types (``""`` here) nor, on GCS, generations: `etag` still
        serves as a condition, but `head` may spell it differently.
        """
        folder, _, rest = checked_prefix(prefix).rpartition("/")
        with self._reading(prefix):
            pages = obstore.list(
                self._store,
                folder or None,  # obstore takes whole segments only
                offset=_just_before(prefix) if rest else None,
                chunk_size=_LISTED_AT_ONCE,
            )
            async for page in pages:
                for meta in page:
                    if meta["path"].startswith(prefix):
                        yield self._info(meta["path"], meta, "")
                    elif meta["path"] > prefix:
                        return

    async def delete(self, key: str) -> None:
        """Remove an object; removing what is not there is no error."""
        with suppress(BlobNotFoundError), self._reading(checked_key(key)):
            await obstore.delete_async(self._store, key)

    async def move(self, source: str, target: str) -> BlobInfo:
        """Give an object another key, replacing what is there. `source` is the caller's alone."""
        checked_key(target)
        with self._reading(checked_key(source)):
            await obstore.copy_async(self._store, source, target)
        await self.delete(source)
        return await self.head(target)

    async def signed_url(
        self, key: str, expires_in_s: int, download_name: str | None = None
    ) -> str:
        """Make a link. A bucket's own link cannot carry `download_name`: obstore signs none."""
        check_link_request(expires_in_s, download_name)
        checked_key(key)
        if isinstance(self._store, MemoryStore):
            expires_at = int(self._clock()) + expires_in_s
            return signed_path(self._secret, key, expires_at, download_name)
        with self._reading(key):
            # obstore escapes keys in links of S3 and Azure, and leaves them as they are for GCS
            name = quote(key) if isinstance(self._store, GCSStore) else key
            lifetime = timedelta(seconds=expires_in_s)
            return await obstore.sign_async(self._store, "GET", name, lifetime)

    async def check(self) -> None:
        """Raise StoreUnavailableError unless an object can be written, read and removed."""
        key, content = f"callsheet-check/{os.urandom(16).hex()}", os.urandom(16)
        await self.put(key, content, "application/octet-stream")
        if await self.get(key) != content:
            raise StoreUnavailableError(self.url, "it reads back other bytes than were written")
        await self.delete(key)

    async def close(self) -> None:
        """Nothing to do: obstore closes idle connections by itself."""

    async def _put_whole(
        self, key: str, content: bytes, content_type: str, condition: Condition
    ) -> BlobInfo:
        mode = await self._mode(key, condition)
        with self._writing(key, condition):
            result = await obstore.put_async(
                self._store,
                key,
                content,
                attributes={"Content-Type": content_type},
                mode=mode,
                use_multipart=False,
            )
        etag = self._etag(result["e_tag"], result["version"])
        return BlobInfo(key, len(content), etag, content_type, self._now())

    async def _put_parts(self, key: str, source: Source, content_type: str) -> BlobInfo:
        upload = obstore.put_async(
            self._store,
            key,
            source.blocks(),
            attributes={"Content-Type": content_type},
            chunk_size=PART_BYTES,
            max_concurrency=_PARTS_IN_FLIGHT,
        )
        try:
            with self._writing(key, None, source):
                result = await to_its_end(asyncio.ensure_future(upload), source.stop)
        finally:
            source.stop()  # an upload that failed may have left it waiting
        etag = self._etag(result["e_tag"], result["version"])
        return BlobInfo(key, source.size, etag, content_type, self._now())

    async def _mode(self, key: str, condition: Condition) -> "PutMode":
        if condition is None:
            return "overwrite"
        if isinstance(condition, CreateOnly):
            return "create"
        if not isinstance(self._store, GCSStore):
            return {"e_tag": condition.etag}
        if condition.etag.isdigit():
            return {"version": condition.etag}
        return {"version": await self._generation(key, condition.etag)}

    async def _generation(self, key: str, etag: str) -> str:
        """Find the generation that GCS wants, for an etag that came from a listing."""
        try:
            with self._reading(key):
                meta = await obstore.head_async(self._store, key)
        except BlobNotFoundError:
            raise BlobConflictError(key) from None
        if meta["e_tag"] != etag:
            raise BlobConflictError(key, self._etag(meta["e_tag"], meta["version"]))
        return meta["version"] or ""

    def _info(self, key: str, meta: "ObjectMeta", content_type: str) -> BlobInfo:
        etag = self._etag(meta["e_tag"], meta["version"])
        return BlobInfo(key, meta["size"], etag, content_type, meta["last_modified"])

    def _etag(self, etag: str | None, version: str | None) -> str:
        """GCS compares generations, which change with every write; the others compare etags."""
        if isinstance(self._store, GCSStore) and version is not None:
            return version
        return etag or ""

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if is_missing_bucket(error):
                raise named(error, self.url) from None
            raise BlobNotFoundError(key) from None
        except BaseError as error:
            raise named(error, self.url) from None  # its text may hold a secret

    @contextmanager
    def _writing(
        self, key: str, condition: Condition, source: Source | None = None
    ) -> Iterator[None]:
        try:
            yield
        except (AlreadyExistsError, PreconditionError):
            raise BlobConflictError(key) from None
        except (BaseError, FileNotFoundError) as error:
            if source is not None and source.error is not None:
                raise source.error from None
            nothing_there = isinstance(error, FileNotFoundError) and not is_missing_bucket(error)
            if condition is not None and nothing_there:
                raise BlobConflictError(key) from None  # how S3 says that nothing matches
            raise named(error, self.url) from None


async def _held(key: str, first: bytes, rest: AsyncIterator[bytes]) -> bytes:
    parts, held = [first], len(first)
    async for part in rest:
        parts.append(part)
        held += len(part)
        if held > MAX_CONDITIONAL_STREAM_BYTES:
            raise ConditionalStreamTooLargeError(key, MAX_CONDITIONAL_STREAM_BYTES)
    return b"".join(parts)


def _range(start: int, length: int | None) -> "GetOptions":
    if length is not None:
        return {"range": (start, start + length)}
    return {"range": {"offset": start}} if start else {}


def _just_before(prefix: str) -> str:
    """Name a key that is less than `prefix` with hardly any between them."""
    before = chr(ord(prefix[-1]) - 1)
    return prefix[:-1] + (before + "~" if before > "/" else "")
