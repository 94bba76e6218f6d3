"""The ledger object: each job's state in the store, versioned, backed up, verified when read."""

import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from callsheet.delivery.errors import LedgerCorruptError
from callsheet.kernel.digests import canonical_json, sha256_of
from callsheet.kernel.logs import event
from callsheet.ports.blobs import (
    BlobConflictError,
    BlobNotFoundError,
    BlobStore,
    CreateOnly,
    IfMatch,
)

_LOG = logging.getLogger("callsheet.ledger")
_JSON: Final = "application/json"
KEPT_VERSIONS: Final = 20
KEPT_BACKUPS: Final = 7 * 24

Document = Mapping[str, Any]


def state_key(job: str) -> str:
    """Name a job's state object."""
    return f"jobs/{job}/state.json"


def version_key(job: str, version: int) -> str:
    """Name one version of it; names sort by version."""
    return f"jobs/{job}/versions/{version:012d}.json"


def manifest_key(job: str) -> str:
    """Name the object that says what was asked for."""
    return f"jobs/{job}/manifest.json"


def backup_key(hour: datetime, job: str) -> str:
    """Name the copy kept of one hour."""
    return f"backups/{hour:%Y-%m-%dT%H}/{job}.json"


def seal(document: Document) -> dict[str, Any]:
    """Add `sha256`: the digest of the canonical JSON of the document without that field."""
    bare = {name: value for name, value in document.items() if name != "sha256"}
    return {**bare, "sha256": sha256_of(canonical_json(bare))}


def is_sound(document: Document) -> bool:
    """Tell whether a document is what its checksum says."""
    return bool(document.get("sha256") == seal(document)["sha256"])


@dataclass(frozen=True, slots=True)
class Ledger:
    """Writes and reads ledger objects."""

    blobs: BlobStore
    clock: Callable[[], datetime]
    on_corrupt: Callable[[str, str], None]

    async def etag(self, job: str) -> str | None:
        """Read which edition of the state object is there now, before building a newer one."""
        try:
            return (await self.blobs.head(state_key(job))).etag
        except BlobNotFoundError:
            return None

    async def write(self, job: str, document: Document, etag: str | None) -> None:
        """Write a sealed state: its version first, then the state, then this hour's backup.

        `etag` is what was there before this state was built: a writer that was held up never
        replaces a newer state (BlobConflictError). A kill between two of these lines leaves an
        older state with a newer version beside it, which reading accepts.
        """
        content = canonical_json(document)
        version = int(document["version"])
        await self.blobs.put(version_key(job, version), content, _JSON)
        condition = IfMatch(etag) if etag else CreateOnly()
        await self.blobs.put(state_key(job), content, _JSON, condition)
        with contextlib.suppress(BlobConflictError):  # this hour has its copy
            await self.blobs.put(backup_key(self.clock(), job), content, _JSON, CreateOnly())
        await self._prune(job)

    async def write_manifest(self, job: str, document: Document) -> None:
        """Write what was asked for; it never changes."""
        await self.blobs.put(manifest_key(job), canonical_json(seal(document)), _JSON)

    async def _prune(self, job: str) -> None:
        keys = [info.key async for info in self.blobs.list(f"jobs/{job}/versions/")]
        for key in keys[:-KEPT_VERSIONS]:
            await self.blobs.delete(key)

    async def read(self, job: str) -> dict[str, Any]:
        """Read a job's state; a damaged one is reported and the newest good version is answered.

        Raises BlobNotFoundError if there never was one, LedgerCorruptError if none is good.
        """
        try:
            return await self._sound(state_key(job))
        except LedgerCorruptError as damage:
            self._report(job, damage)
        versions = [info.key async for info in self.blobs.list(f"jobs/{job}/versions/")]
        backups = [key async for key in self._backups(job)]
        for key in (*reversed(versions), *reversed(backups)):
            try:
                return await self._sound(key)
            except (LedgerCorruptError, BlobNotFoundError):
                continue
        raise LedgerCorruptError(state_key(job), "no good version is left")

    async def manifest(self, job: str) -> dict[str, Any]:
        """Read what was asked for. Raises BlobNotFoundError, LedgerCorruptError."""
        return await self._sound(manifest_key(job))

    async def jobs(self) -> AsyncIterator[str]:
        """Walk the ids of all jobs that have a ledger."""
        async for info in self.blobs.list("jobs/"):
            folder, _, name = info.key.rpartition("/")
            if name == "manifest.json":
                yield folder.removeprefix("jobs/")

    async def _backups(self, job: str) -> AsyncIterator[str]:
        async for info in self.blobs.list("backups/"):
            if info.key.endswith(f"/{job}.json"):
                yield info.key

    async def _sound(self, key: str) -> dict[str, Any]:
        content = await self.blobs.get(key)
        try:
            document = json.loads(content)
        except ValueError as error:
            raise LedgerCorruptError(key, "it is not JSON") from error
        if not isinstance(document, dict) or not is_sound(document):
            raise LedgerCorruptError(key, "its checksum does not fit")
        return document

    def _report(self, job: str, damage: LedgerCorruptError) -> None:
        _LOG.critical("ledger_corrupt", extra=event(job=job, key=damage.key, reason=damage.reason))
        self.on_corrupt(job, damage.reason)

    async def drop_old_backups(self, before: datetime) -> None:
        """Delete backups of hours before a time."""
        oldest = f"backups/{before:%Y-%m-%dT%H}/"
        async for info in self.blobs.list("backups/"):
            if info.key < oldest:
                await self.blobs.delete(info.key)
