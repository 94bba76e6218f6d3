"""What a simulated Google Cloud Storage holds: buckets, objects, generations, open uploads."""

import base64
import hashlib
import secrets
from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

SMALLEST_PART_BYTES = 5 * 1024 * 1024
MOST_PARTS = 10_000


class GcsError(Exception):
    """An answer other than yes, with Google's status and code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One generation of an object."""

    name: str
    content: bytes
    generation: int
    etag: str  # as XML and headers carry it, with quotes
    modified_at: datetime
    content_type: str
    metadata: Mapping[str, str]  # x-goog-meta-*, cache-control and the like, as headers


@dataclass(slots=True)
class Upload:
    """A multipart upload that is not complete."""

    bucket: str
    name: str
    content_type: str
    metadata: Mapping[str, str]
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    """Objects by name, and the names in order."""

    objects: dict[str, StoredObject] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)

    def after(self, name: str) -> Iterator[StoredObject]:
        """Go through the objects whose names come after `name`, in order."""
        for at in range(bisect_right(self.names, name), len(self.names)):
            yield self.objects[self.names[at]]


class Objects:
    """All buckets. Single-threaded: the event loop is its lock."""

    def __init__(self, buckets: Iterable[str], clock: Callable[[], float]) -> None:
        self._buckets = {name: Bucket() for name in buckets}
        self._clock = clock
        self._last_generation = 0
        self.uploads: dict[str, Upload] = {}

    def bucket(self, name: str) -> Bucket:
        """Find a bucket."""
        try:
            return self._buckets[name]
        except KeyError:
            message = "The specified bucket does not exist."
            raise GcsError(404, "NoSuchBucket", message) from None

    def read(self, bucket: str, name: str) -> StoredObject:
        """Find an object."""
        try:
            return self.bucket(bucket).objects[name]
        except KeyError:
            message = "The specified key does not exist."
            raise GcsError(404, "NoSuchKey", message) from None

    def write(
        self,
        bucket: str,
        name: str,
        content: bytes,
        content_type: str,
        metadata: Mapping[str, str],
        *,
        if_generation: str | None = None,
        etag: str | None = None,
    ) -> StoredObject:
        """Write a new generation, if the present one is `if_generation` ("0" is none)."""
        held = self.bucket(bucket)
        present = held.objects.get(name)
        found = "0" if present is None else str(present.generation)
        if if_generation is not None and if_generation != found:
            message = "At least one of the pre-conditions you specified did not hold."
            raise GcsError(412, "PreconditionFailed", message)
        written = StoredObject(
            name=name,
            content=content,
            generation=self._next_generation(),
            etag=etag or f'"{md5(content).hex()}"',
            modified_at=datetime.fromtimestamp(self._clock(), UTC),
            content_type=content_type,
            metadata=metadata,
        )
        if present is None:
            insort(held.names, name)
        held.objects[name] = written
        return written

    def remove(self, bucket: str, name: str) -> None:
        """Remove an object."""
        self.read(bucket, name)
        held = self.bucket(bucket)
        del held.objects[name]
        held.names.remove(name)

    def begin(self, bucket: str, name: str, content_type: str, metadata: Mapping[str, str]) -> str:
        """Begin an upload in parts and name it."""
        self.bucket(bucket)
        upload_id = secrets.token_urlsafe(32)
        self.uploads[upload_id] = Upload(bucket, name, content_type, metadata)
        return upload_id

    def upload(self, bucket: str, name: str, upload_id: str) -> Upload:
        """Find an upload."""
        found = self.uploads.get(upload_id)
        if found is None or (found.bucket, found.name) != (bucket, name):
            raise GcsError(404, "NoSuchUpload", "The requested upload was not found.")
        return found

    def complete(
        self, bucket: str, name: str, upload_id: str, wanted: list[tuple[int, str]]
    ) -> StoredObject:
        """Make an object of the wanted parts, given as number and etag."""
        upload = self.upload(bucket, name, upload_id)
        if not wanted or [number for number, _ in wanted] != sorted({n for n, _ in wanted}):
            raise GcsError(400, "InvalidPartOrder", "Parts must be listed in ascending order.")
        contents: list[bytes] = []
        for number, etag in wanted:
            found = upload.parts.get(number)
            if found is None or found[0].strip('"') != etag.strip('"'):
                raise GcsError(400, "InvalidPart", "One or more of the parts was not found.")
            contents.append(found[1])
        if any(len(content) < SMALLEST_PART_BYTES for content in contents[:-1]):
            raise GcsError(400, "EntityTooSmall", "A part but the last is below 5 MiB.")
        combined = md5(b"".join(map(md5, contents))).hex()
        del self.uploads[upload_id]
        return self.write(
            bucket,
            name,
            b"".join(contents),
            upload.content_type,
            upload.metadata,
            etag=f'"{combined}-{len(contents)}"',
        )

    def _next_generation(self) -> int:
        """Make a number as Google does: microseconds, and always more than the last."""
        self._last_generation = max(self._last_generation + 1, int(self._clock() * 1e6))
        return self._last_generation


def md5(content: bytes) -> bytes:
    """Digest as Google's etags and hashes do."""
    return hashlib.md5(content, usedforsecurity=False).digest()


def md5_header(content: bytes) -> str:
    """Write the digest as the header x-goog-hash carries it."""
    return f"md5={base64.b64encode(md5(content)).decode()}"
