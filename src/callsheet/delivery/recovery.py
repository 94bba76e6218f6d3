"""Recovery snapshots as objects: one for each time a job was written, the newest few kept.

They are separate objects, named by the journal's number that they tell: a writer that was held up
adds an older one and never replaces a newer one, and a kill in the middle of writing leaves the one
before it as it was. The head is written last: what it names is there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from callsheet.delivery.errors import LedgerCorruptError
from callsheet.delivery.segments import JSON, Pages, Segments, seal
from callsheet.jobs.snapshot import Snapshot, check_format, job_in
from callsheet.kernel.digests import canonical_json
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.logs import event
from callsheet.ports.blobs import BlobNotFoundError, BlobStore

_LOG = logging.getLogger("callsheet.ledger")
_RECORDS: Final = "records"
KEPT: Final = 3


def folder_of(job: str) -> str:
    """Name where the snapshots of a job are."""
    return f"jobs/{job}/recovery"


def snapshot_key(job: str, sequence: int) -> str:
    """Name the head of one snapshot; names sort by the journal's number."""
    return f"{folder_of(job)}/{sequence:012d}.json"


def workspace_key(workspace: str) -> str:
    """Name the object that keeps what belongs to a workspace and to none of its jobs."""
    return f"recovery/workspaces/{quote(workspace, safe='')}.json"


@dataclass(frozen=True, slots=True)
class Recovery:
    """Writes and reads recovery snapshots."""

    blobs: BlobStore
    on_corrupt: Callable[[str, str], None]

    async def write(self, job: str, head: Mapping[str, Any], records: Pages) -> None:
        """Write a snapshot: its records, then its head; then older ones than the newest few go.

        Raises StoreUnavailableError.
        """
        key = snapshot_key(job, int(head["sequence"]))
        folder = key.removesuffix(".json")
        document = await Segments(self.blobs).write(folder, head, _RECORDS, records)
        content = await asyncio.to_thread(canonical_json, document)
        await self.blobs.put(key, content, JSON)
        await self._prune(job)

    async def _prune(self, job: str) -> None:
        for key in (await self._heads(job))[:-KEPT]:
            await self.blobs.delete(key)  # first, so that no head names what is not there
            async for info in self.blobs.list(f"{key.removesuffix('.json')}/"):
                await self.blobs.delete(info.key)

    async def _heads(self, job: str) -> list[str]:
        folder = folder_of(job)
        keys = [info.key async for info in self.blobs.list(f"{folder}/")]
        return sorted(key for key in keys if key.count("/") == folder.count("/") + 1)

    async def newest(self, job: str) -> Snapshot | None:
        """Read the newest sound snapshot of a job; None if there is none.

        A damaged one is reported, and the one before it read. Raises SnapshotUnreadableError if
        the newest sound one is of a version that we do not know.
        """
        for key in reversed(await self._heads(job)):
            try:
                return await self._read(key)
            except (LedgerCorruptError, BlobNotFoundError) as damage:
                said = event(job=job, key=key, reason=str(damage))
                _LOG.critical("ledger_corrupt", extra=said)
                self.on_corrupt(job, str(damage))
        return None

    async def _read(self, key: str) -> Snapshot:
        segments = Segments(self.blobs)
        head = await segments.head(key)
        check_format(key, head)
        records = [record async for page in segments.items(head, _RECORDS) for record in page]
        return Snapshot(key, int(head["sequence"]), job_in(head), head, records)

    async def write_workspace(self, workspace: str, document: Mapping[str, Any]) -> None:
        """Write what a workspace's people set and corrected. Raises StoreUnavailableError."""
        content = await asyncio.to_thread(canonical_json, seal(document))
        await self.blobs.put(workspace_key(workspace), content, JSON)

    async def workspaces(self) -> AsyncIterator[WorkspaceId]:
        """Walk the workspaces of which something was written."""
        async for info in self.blobs.list("recovery/workspaces/"):
            name = info.key.rpartition("/")[2].removesuffix(".json")
            yield WorkspaceId(unquote(name))

    async def workspace(self, workspace: str) -> Mapping[str, Any] | None:
        """Read what `write_workspace` wrote.

        None if there is none. Raises LedgerCorruptError, SnapshotUnreadableError.
        """
        key = workspace_key(workspace)
        try:
            document = await Segments(self.blobs).head(key)
        except BlobNotFoundError:
            return None
        check_format(key, document)
        return document
