"""Manifests in a recovery snapshot: scenes, operations and what was kept of them."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.manifest_store import OPERATIONS, SCENES, SNAPSHOTS, ManifestStore
from callsheet.jobs.model import Job
from callsheet.jobs.snapshot import RecordKind, Snapshot, row_in, told
from callsheet.jobs.store import JobStore
from callsheet.kernel.ids import JobId

_TABLES: Mapping[RecordKind, sa.Table] = {
    RecordKind.SCENE: SCENES,
    RecordKind.OPERATION: OPERATIONS,
    RecordKind.MANIFEST: SNAPSHOTS,
}


async def scenes_out(connection: AsyncConnection, job: JobId) -> list[dict[str, Any]]:
    """Write the scenes of a job as records."""
    query = sa.select(SCENES).where(SCENES.c.job == job).order_by(SCENES.c.id)
    return await _read(connection, RecordKind.SCENE, query)


async def operations_out(
    connection: AsyncConnection, job: JobId, after: int, until: int
) -> list[dict[str, Any]]:
    """Write operations after a revision and up to another as records."""
    query = sa.select(OPERATIONS).where(
        OPERATIONS.c.job == job, OPERATIONS.c.revision > after, OPERATIONS.c.revision <= until
    )
    return await _read(connection, RecordKind.OPERATION, query.order_by(OPERATIONS.c.revision))


async def kept_revisions(connection: AsyncConnection, job: JobId) -> list[int]:
    """Name the revisions at which the manifest of a job was kept."""
    query = sa.select(SNAPSHOTS.c.revision).where(SNAPSHOTS.c.job == job)
    return sorted(row.revision for row in await connection.execute(query))


async def manifest_out(connection: AsyncConnection, job: JobId, revision: int) -> dict[str, Any]:
    """Write the manifest that was kept at a revision as a record."""
    query = sa.select(SNAPSHOTS).where(SNAPSHOTS.c.job == job, SNAPSHOTS.c.revision == revision)
    [record] = await _read(connection, RecordKind.MANIFEST, query)
    return record


async def _read(
    connection: AsyncConnection, kind: RecordKind, query: sa.Select[Any]
) -> list[dict[str, Any]]:
    rows = (await connection.execute(query)).mappings()
    return [{"kind": kind, "row": told(dict(row))} for row in rows]


def revision_in(snapshot: Snapshot) -> int:
    """Tell to which revision a snapshot knows the manifest."""
    told_ones = [record["row"]["revision"] for record in snapshot.of(RecordKind.OPERATION)]
    return max(told_ones, default=0)


async def restore_manifest(
    connection: AsyncConnection, jobs: JobStore, job: Job, snapshot: Snapshot
) -> None:
    """Write a manifest back; shots and scenes are then what its operations made of them.

    They were read one after the other: an edit may have come between.
    """
    for kind, table in _TABLES.items():
        rows = [row_in(table, record["row"]) for record in snapshot.of(kind)]
        if rows:
            await connection.execute(sa.insert(table), rows)
    store = ManifestStore()
    operations = await store.operations(connection, job.id, 0, job.work.manifest_revision)
    if operations:
        manifest = (await store.present(connection, job)).with_operations(operations)
        await store.apply(connection, jobs, job.id, manifest, operations)
