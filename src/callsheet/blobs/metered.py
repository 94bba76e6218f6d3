"""A store that counts its calls."""

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from callsheet.blobs.content import ContentStore
from callsheet.kernel.errors import CallsheetError
from callsheet.ports.blobs import BlobInfo, Condition, Content

T = TypeVar("T")
Count = Callable[[str, str], None]  # operation, "ok" or the error's code


class MeteredStore:
    """Implements storage.content.ContentStore over another store, counting each call's result."""

    def __init__(self, store: ContentStore, count: Count) -> None:
        self._store, self._count = store, count

    @property
    def url(self) -> str:
        """Where the store is."""
        return self._store.url

    async def put(
        self, key: str, content: Content, content_type: str, condition: Condition = None
    ) -> BlobInfo:
        """Write one object."""
        with _Counted(self._count, "put"):
            return await self._store.put(key, content, content_type, condition)

    async def head(self, key: str) -> BlobInfo:
        """Describe an object."""
        with _Counted(self._count, "head"):
            return await self._store.head(key)

    async def get(self, key: str) -> bytes:
        """Read an object whole."""
        with _Counted(self._count, "get"):
            return await self._store.get(key)

    async def stream(
        self, key: str, start: int = 0, length: int | None = None
    ) -> AsyncIterator[bytes]:
        """Read an object in chunks."""
        with _Counted(self._count, "stream"):
            async for chunk in self._store.stream(key, start, length):
                yield chunk

    async def list(self, prefix: str) -> AsyncIterator[BlobInfo]:
        """Walk objects."""
        with _Counted(self._count, "list"):
            async for info in self._store.list(prefix):
                yield info

    async def delete(self, key: str) -> None:
        """Remove an object."""
        with _Counted(self._count, "delete"):
            await self._store.delete(key)

    async def signed_url(
        self, key: str, expires_in_s: int, download_name: str | None = None
    ) -> str:
        """Make a link to an object."""
        return await self._store.signed_url(key, expires_in_s, download_name)

    async def move(self, source: str, target: str) -> BlobInfo:
        """Give an object another key."""
        with _Counted(self._count, "move"):
            return await self._store.move(source, target)

    async def check(self) -> None:
        """Raise unless the store answers."""
        with _Counted(self._count, "check"):
            await self._store.check()

    async def close(self) -> None:
        """Let connections go."""
        await self._store.close()


class _Counted:
    def __init__(self, count: Count, operation: str) -> None:
        self._count, self._operation = count, operation

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        result = "ok"
        if error is not None:
            result = error.code if isinstance(error, CallsheetError) else "error"
        self._count(self._operation, result)
