"""The ledger object: each job's state in the store, versioned, backed up, verified when read."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from callsheet.delivery.errors import LedgerCorruptError
from callsheet.delivery.segments import JSON, Document, Pages, Segments
from callsheet.kernel.digests import canonical_json
from callsheet.kernel.logs import event
from callsheet.ports.blobs import (
    BlobConflictError,
    BlobNotFoundError,
    BlobStore,
    CreateOnly,
    IfMatch,
)

_LOG = logging.getLogger("callsheet.ledger")
KEPT_VERSIONS: Final = 20
KEPT_BACKUPS: Final = 7 * 24
ROWS: Final = "rows"  # the items of a state
SHOTS: Final = "shots"  # those of a manifest


def state_key(job: str) -> str:
    """Name a job's state object."""
    return f"jobs/{job}/state.json"


def version_key(job: str, version: int) -> str:
    """Name one version of it; names sort by version."""
    return f"jobs/{job}/versions/{version:012d}.json"


def manifest_key(job: str) -> str:
    """Name the object that says what was asked for."""
    return f"jobs/{job}/manifest.json"


def segments_folder(job: str, version: int) -> str:
    """Name where the rows of one version are, if they are many."""
    return f"jobs/{job}/segments/{version:012d}"


def backup_key(hour: datetime, job: str) -> str:
    """Name the copy kept of one hour."""
    return f"backups/{hour:%Y-%m-%dT%H}/{job}.json"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Writes and reads ledger objects."""

    blobs: BlobStore
    clock: Callable[[], datetime]
    on_corrupt: Callable[[str, str], None]

    @property
    def segments(self) -> Segments:
        """What keeps the items of long documents."""
        return Segments(self.blobs)

    async def etag(self, job: str) -> str | None:
        """Read which edition of the state object is there now, before building a newer one."""
        try:
            return (await self.blobs.head(state_key(job))).etag
        except BlobNotFoundError:
            return None

    async def write(self, job: str, head: Document, rows: Pages, etag: str | None) -> None:
        """Write a state: its rows and its version first, then the state, then this hour's backup.

        `etag` is what was there before this state was built: a writer that was held up never
        replaces a newer state (BlobConflictError). A kill between two of these lines leaves an
        older state with a newer version beside it, which reading accepts.
        """
        version = int(head["version"])
        document = await self.segments.write(segments_folder(job, version), head, ROWS, rows)
        content = await asyncio.to_thread(canonical_json, document)
        await self.blobs.put(version_key(job, version), content, JSON)
        condition = IfMatch(etag) if etag else CreateOnly()
        await self.blobs.put(state_key(job), content, JSON, condition)
        await self._back_up(job, document)
        await self._prune(job)

    async def _back_up(self, job: str, document: Document) -> None:
        """Keep a whole copy of a state, unless this hour has one."""
        key = backup_key(self.clock(), job)
        with contextlib.suppress(BlobNotFoundError):
            await self.blobs.head(key)
            return
        copied = await self.segments.copy(document, key.removesuffix(".json"))
        content = await asyncio.to_thread(canonical_json, copied)
        with contextlib.suppress(BlobConflictError):  # by another process, just now
            await self.blobs.put(key, content, JSON, CreateOnly())

    async def write_manifest(self, job: str, head: Document, shots: Pages) -> None:
        """Write what was asked for; it never changes."""
        document = await self.segments.write(f"jobs/{job}/manifest", head, SHOTS, shots)
        content = await asyncio.to_thread(canonical_json, document)
        await self.blobs.put(manifest_key(job), content, JSON)

    async def _prune(self, job: str) -> None:
        keys = [info.key async for info in self.blobs.list(f"jobs/{job}/versions/")]
        for key in keys[:-KEPT_VERSIONS]:
            await self.blobs.delete(key)
            version = int(key.rpartition("/")[2].removesuffix(".json"))
            async for info in self.blobs.list(f"{segments_folder(job, version)}/"):
                await self.blobs.delete(info.key)

    async def read(self, job: str) -> dict[str, Any]:
        """Read a job's state but for segments of its rows; see `rows`.

        A damaged one is reported and the newest good version is answered. Raises BlobNotFoundError
        if there never was one, LedgerCorruptError if none is good.
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

    async def _sound(self, key: str) -> dict[str, Any]:
        head = await self.segments.head(key)
        await self.segments.check(head)
        return head

    def rows(self, state: Document) -> Pages:
        """Read the rows of a state, page by page. Raises LedgerCorruptError."""
        return self.segments.items(state, ROWS)

    def shots(self, manifest: Document) -> Pages:
        """Read the shots of a manifest, page by page. Raises LedgerCorruptError."""
        return self.segments.items(manifest, SHOTS)

    async def manifest(self, job: str) -> dict[str, Any]:
        """Read what was asked for but for its segments; see `shots`.

        Raises BlobNotFoundError, LedgerCorruptError.
        """
        return await self.segments.head(manifest_key(job))

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

    def _report(self, job: str, damage: LedgerCorruptError) -> None:
        _LOG.critical("ledger_corrupt", extra=event(job=job, key=damage.key, reason=damage.reason))
        self.on_corrupt(job, damage.reason)

    async def drop_old_backups(self, before: datetime) -> None:
        """Delete backups of hours before a time."""
        oldest = f"backups/{before:%Y-%m-%dT%H}/"
        async for info in self.blobs.list("backups/"):
            if info.key < oldest:
                await self.blobs.delete(info.key)
