"""The object store as rooms see it: keys, conditional writes, streams, signed links."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import (
    CallsheetError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What the store knows of one object.

    `etag` is opaque: it changes with every write, except that S3 keeps it if the same bytes are
    written again.
    """

    key: str
    size: int
    etag: str
    content_type: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class CreateOnly:
    """Write only if nothing is there yet."""


@dataclass(frozen=True, slots=True)
class IfMatch:
    """Write only if the object still has this etag."""

    etag: str


Condition = CreateOnly | IfMatch | None
Content = bytes | AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Stored:
    """Content that is in the store under its hash."""

    sha256: Sha256
    size: int
    key: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Content that was taken in under a `key` of its own: `stored` says where it belongs.

    What is neither placed nor deleted is swept after a day.
    """

    key: str
    stored: Stored


class Keeper(Protocol):
    """Keeps content once, under its hash. Every method may raise StoreUnavailableError."""

    async def keep(self, content: Content, media_type: str, *, new: Sha256 | None = None) -> Stored:
        """Keep it; bytes that are hardly there yet, if `new` is their hash, without a look."""

    async def receive(self, content: AsyncIterator[bytes], media_type: str) -> Arrival:
        """Take in a stream in bounded memory, to be looked at before it is placed."""

    async def place(self, arrival: Arrival) -> Stored:
        """Give what was taken in the name of its hash."""


class BlobNotFoundError(NotFoundError):
    """The store holds nothing under this key."""

    code: ClassVar[str] = "blob_not_found"

    def __init__(self, key: str) -> None:
        super().__init__("object", key)


class BlobConflictError(CallsheetError):
    """A conditional write found another version (or any version) there."""

    code: ClassVar[str] = "blob_conflict"

    def __init__(self, key: str, found: str | None = None) -> None:
        super().__init__(f"object {key!r} is not the version that was expected")
        self.key, self.found = key, found


class InvalidKeyError(InvalidInputError):
    """A key that could leave the store or that some store cannot hold."""

    code: ClassVar[str] = "invalid_key"


class StoreUnavailableError(UnavailableError):
    """The object store does not answer, or refuses us; the caller may try again later."""

    code: ClassVar[str] = "store_unavailable"

    def __init__(self, store: str, reason: str) -> None:
        super().__init__(f"object store {store} does not answer: {reason}")
        self.store, self.reason = store, reason


class StoreFullError(StoreUnavailableError):
    """No space is left where objects are kept; free some and the work goes on."""

    code: ClassVar[str] = "store_full"


class BlobStore(Protocol):
    """An object store. Keys are relative paths of printable ASCII segments.

    Every method may raise StoreUnavailableError; a key out of form raises InvalidKeyError.
    """

    @property
    def url(self) -> str:
        """Where this store is, without secrets, e.g. ``s3://bucket/prefix``."""

    async def put(
        self, key: str, content: Content, content_type: str, condition: Condition = None
    ) -> BlobInfo:
        """Write one object, whole or not at all; readers never see a part.

        An async iterator is streamed in bounded memory. Raises BlobConflictError if
        `condition` does not hold.
        """

    async def head(self, key: str) -> BlobInfo:
        """Describe an object. Raises BlobNotFoundError."""

    async def get(self, key: str) -> bytes:
        """Read a small object whole. Raises BlobNotFoundError."""

    def stream(self, key: str, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """Read `length` bytes (or all) from `start` in bounded chunks. Raises BlobNotFoundError."""

    def list(self, prefix: str) -> AsyncIterator[BlobInfo]:
        """Walk objects whose key begins with `prefix`, in order of key.

        Buckets list no content types (empty here), and GCS lists other etags than `head` tells;
        either etag serves as a condition.
        """

    async def delete(self, key: str) -> None:
        """Remove an object; removing what is not there is no error."""

    async def signed_url(
        self, key: str, expires_in_s: int, download_name: str | None = None
    ) -> str:
        """Make a link that reads this object without a key until it expires.

        The link is absolute for stores that sign their own; the local store answers a path
        (``/blobs/…?exp=&sig=``) that the web door serves.
        """

    async def check(self) -> None:
        """Raise StoreUnavailableError unless the store can be read and written."""

    async def close(self) -> None:
        """Let connections go."""
