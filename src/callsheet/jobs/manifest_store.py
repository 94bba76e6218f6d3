"""Rows of manifests: scenes, operations and snapshots; the fields of shots are their own rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.errors import ManifestTooLargeError
from callsheet.jobs.manifest import (
    FIELDS,
    MOST_SHOTS,
    NEW_SCENE,
    Edit,
    Entity,
    Kind,
    Manifest,
    Operation,
)
from callsheet.jobs.model import Job, ShotUpdate
from callsheet.jobs.store import JobStore
from callsheet.jobs.tables import JOBS, SHOTS
from callsheet.kernel.ids import JobId
from callsheet.ports.database import METADATA, Row, UtcTime, one_of

SNAPSHOT_EVERY: Final = 100  # revisions

SCENES: Final = sa.Table(
    "scenes",
    METADATA,
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False, server_default=""),
    sa.Column("order_key", sa.Text),
    sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.false()),
)
OPERATIONS: Final = sa.Table(
    "manifest_operations",
    METADATA,
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("op_id", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("base_revision", sa.BigInteger, nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("before", sa.JSON, nullable=False),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("sequence", sa.BigInteger),
    sa.Index("uq_manifest_operations_op_id", "job", "op_id", unique=True),
    sa.Index("ix_manifest_operations_field", "job", "entity", "field", "revision"),
)
SNAPSHOTS: Final = sa.Table(
    "manifest_snapshots",
    METADATA,
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)
_SHOT_FIELDS: Final = tuple(FIELDS[Kind.SHOT])


class ManifestStore:
    """Reads and writes manifests; every method works in the caller's transaction.

    Whoever changes one has locked its job first.
    """

    async def present(self, connection: AsyncConnection, job: Job) -> Manifest:
        """Read what is to be made now. Raises ManifestTooLargeError."""
        if job.tally.rows > MOST_SHOTS:
            raise ManifestTooLargeError(job.id, MOST_SHOTS)
        shots = sa.select(SHOTS.c.row, *(SHOTS.c[name] for name in _SHOT_FIELDS))
        shots = shots.where(SHOTS.c.job == job.id).order_by(SHOTS.c.row)
        scenes = sa.select(SCENES).where(SCENES.c.job == job.id).order_by(SCENES.c.id)
        fields: dict[Entity, Mapping[str, Any]] = {Entity(Kind.JOB): {"name": job.name}}
        for row in (await connection.execute(scenes)).mappings():
            fields[Entity(Kind.SCENE, row["id"])] = {name: row[name] for name in NEW_SCENE}
        for row in (await connection.execute(shots)).mappings():
            told = {name: row[name] for name in _SHOT_FIELDS}
            fields[Entity(Kind.SHOT, str(row["row"]))] = told
        return Manifest(job.work.manifest_revision, fields)

    async def at(self, connection: AsyncConnection, job: Job, revision: int) -> Manifest:
        """Read what was to be made at a revision: the snapshot before it, and what came since."""
        if revision == job.work.manifest_revision:
            return await self.present(connection, job)
        query = (
            sa.select(SNAPSHOTS.c.document)
            .where(SNAPSHOTS.c.job == job.id, SNAPSHOTS.c.revision <= revision)
            .order_by(SNAPSHOTS.c.revision.desc())
            .limit(1)
        )
        manifest = Manifest.parse((await connection.execute(query)).scalar_one())
        since = await self.operations(connection, job.id, manifest.revision, revision)
        return replace(manifest.with_operations(since), revision=revision)

    async def operations(
        self, connection: AsyncConnection, job: JobId, after: int, until: int
    ) -> list[Operation]:
        """Read the operations after a revision and up to another, in order."""
        query = sa.select(OPERATIONS).where(
            OPERATIONS.c.job == job,
            OPERATIONS.c.revision > after,
            OPERATIONS.c.revision <= until,
        )
        rows = (await connection.execute(query.order_by(OPERATIONS.c.revision))).mappings()
        return [operation_of(row) for row in rows]

    async def by_ids(
        self, connection: AsyncConnection, job: JobId, op_ids: Sequence[str]
    ) -> dict[str, Operation]:
        """Read the operations that have some ids, by these."""
        query = sa.select(OPERATIONS).where(
            OPERATIONS.c.job == job, one_of(OPERATIONS.c.op_id, op_ids)
        )
        rows = (await connection.execute(query)).mappings()
        return {row["op_id"]: operation_of(row) for row in rows}

    async def since(self, connection: AsyncConnection, job: JobId, edit: Edit) -> list[Operation]:
        """Read what was done to an edit's field after the revision at which its author saw it."""
        query = sa.select(OPERATIONS).where(
            OPERATIONS.c.job == job,
            OPERATIONS.c.entity == str(edit.entity),
            OPERATIONS.c.field == edit.field,
            OPERATIONS.c.revision > edit.base_revision,
        )
        rows = (await connection.execute(query.order_by(OPERATIONS.c.revision))).mappings()
        return [operation_of(row) for row in rows]

    async def add(
        self, connection: AsyncConnection, job: JobId, operations: Sequence[Operation]
    ) -> None:
        """Append operations."""
        rows = [row_of(job, operation) for operation in operations]
        if rows:
            await connection.execute(sa.insert(OPERATIONS), rows)

    async def apply(
        self,
        connection: AsyncConnection,
        jobs: JobStore,
        job: JobId,
        after: Manifest,
        operations: Sequence[Operation],
    ) -> None:
        """Bring the rows of scenes and shots up to what a manifest says after some operations."""
        changed = {(each.edit.entity, each.edit.field): each.value for each in operations}
        of_field: dict[str, list[ShotUpdate]] = defaultdict(list)
        for (entity, field), value in changed.items():
            if entity.kind is Kind.SHOT:
                of_field[field].append(ShotUpdate(int(entity.id), **{field: value}))
        for updates in of_field.values():
            await jobs.set_shots(connection, job, updates)
        scenes = {entity for entity, _ in changed if entity.kind is Kind.SCENE}
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        for entity in sorted(scenes, key=str):
            told = dict(after.fields[entity])
            row = insert(SCENES).values(job=job, id=entity.id, **told)
            keys = [SCENES.c.job, SCENES.c.id]
            await connection.execute(row.on_conflict_do_update(index_elements=keys, set_=told))

    async def keep_snapshot(
        self, connection: AsyncConnection, job: JobId, manifest: Manifest, now: datetime
    ) -> None:
        """Keep a manifest as it is, unless its revision is kept."""
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        row = {"job": job, "revision": manifest.revision, "at": now}
        row |= {"document": manifest.document()}
        await connection.execute(insert(SNAPSHOTS).on_conflict_do_nothing(), row)


def operation_of(row: Row) -> Operation:
    """Read an operation from its row."""
    entity = Entity.parse(row["entity"])
    edit = Edit(row["op_id"], entity, row["field"], row["base_revision"], row["asked"])
    values = (row["before"], row["value"], row["by"], row["at"], row["sequence"])
    return Operation(row["revision"], edit, *values)


def row_of(job: JobId, operation: Operation) -> dict[str, Any]:
    """Write an operation as its row."""
    edit = operation.edit
    return {
        "job": job,
        "revision": operation.revision,
        "op_id": edit.op_id,
        "entity": str(edit.entity),
        "field": edit.field,
        "base_revision": edit.base_revision,
        "asked": edit.value,
        "before": operation.before,
        "value": operation.value,
        "by": operation.by,
        "at": operation.at,
        "sequence": operation.sequence,
    }
