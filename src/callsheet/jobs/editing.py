"""Verbs on manifests: read, edit, look back, go back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.errors import (
    Conflict,
    ManifestConflictError,
    OperationReusedError,
    VersionNotFoundError,
)
from callsheet.jobs.manifest import (
    MOST_AT_ONCE,
    NEW_SCENE,
    Edit,
    Entity,
    Kind,
    Manifest,
    Operation,
    check_dependencies,
    read_value,
    together,
)
from callsheet.jobs.manifest_store import SNAPSHOT_EVERY, ManifestStore
from callsheet.jobs.model import Change, Entry, Job, JobUpdate
from callsheet.jobs.store import JobStore
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.ids import WorkspaceId, new_id
from callsheet.ports.database import Database
from callsheet.ports.notifier import Notifier

_MOST_OP_ID_CHARS = 200


@dataclass(frozen=True, slots=True)
class Editing:
    """Edits manifests. The server puts operations in order; each verb is one transaction."""

    database: Database
    jobs: JobStore
    store: ManifestStore
    notifier: Notifier
    clock: Callable[[], datetime]

    async def manifest(
        self, workspace: WorkspaceId, job_id: str, revision: int | None = None
    ) -> Manifest:
        """Read what is to be made now, or what was at a revision.

        Raises JobNotFoundError, ManifestTooLargeError, VersionNotFoundError.
        """
        async with self.database.read() as connection:
            job = await self.jobs.find(connection, workspace, job_id)
            if revision is None:
                return await self.store.present(connection, job)
            return await self._at(connection, job, revision)

    async def _at(self, connection: AsyncConnection, job: Job, revision: int) -> Manifest:
        newest = job.work.manifest_revision
        if not 0 <= revision <= newest:
            raise VersionNotFoundError(revision, newest)
        return await self.store.at(connection, job, revision)

    async def operations(
        self, workspace: WorkspaceId, job_id: str, after: int, limit: int
    ) -> list[Operation]:
        """List what was done to a manifest after a revision, in order. Raises JobNotFoundError."""
        async with self.database.read() as connection:
            job = await self.jobs.find(connection, workspace, job_id)
            return await self.store.operations(connection, job.id, after, after + limit)

    async def edit(
        self, workspace: WorkspaceId, job_id: str, edits: Sequence[Edit], by: str
    ) -> list[Operation]:
        """Accept edits, all or none; one whose id is known is answered as it was accepted.

        Raises JobNotFoundError, InvalidInputError, ManifestConflictError with every field that
        somebody else has changed since, OperationReusedError, ManifestTooLargeError.
        """
        _check_edits(edits)
        async with self.database.begin() as connection:
            found = await self.jobs.find(connection, workspace, job_id)
            job = await self.jobs.lock(connection, found.id)
            return await self._accept(connection, job, edits, by)

    async def restore(
        self, workspace: WorkspaceId, job_id: str, revision: int, by: str
    ) -> list[Operation]:
        """Make a manifest what it was at a revision, by new operations; those that it took.

        Raises JobNotFoundError, VersionNotFoundError, ManifestTooLargeError.
        """
        async with self.database.begin() as connection:
            found = await self.jobs.find(connection, workspace, job_id)
            job = await self.jobs.lock(connection, found.id)
            then = await self._at(connection, job, revision)
            now = await self.store.present(connection, job)
            edits = [
                Edit(new_id("op"), entity, field, now.revision, value)
                for entity, field, value in now.changes_to(then)
            ]
            return await self._accept(connection, job, edits, by)

    async def _accept(
        self, connection: AsyncConnection, job: Job, edits: Sequence[Edit], by: str
    ) -> list[Operation]:
        before = await self.store.present(connection, job)
        known = await self.store.by_ids(connection, job.id, [edit.op_id for edit in edits])
        accepted: list[Operation] = []
        conflicts: list[Conflict] = []
        new: dict[tuple[Entity, str], Operation] = {}  # the newest of each field
        revision = before.revision
        for edit in edits:
            if edit.op_id in known:
                accepted.append(_same(known[edit.op_id], edit))
                continue
            value, conflict = await self._merged(connection, job, before, edit)
            if conflict is not None:
                conflicts.append(conflict)
                continue
            revision, place = revision + 1, (edit.entity, edit.field)
            was = before.fields.get(edit.entity, NEW_SCENE).get(edit.field)
            was = new[place].value if place in new else was
            place_in_journal = job.work.sequence + revision - before.revision
            new[place] = Operation(revision, edit, was, value, by, self.clock(), place_in_journal)
            accepted.append(new[place])
        if conflicts:
            raise ManifestConflictError(conflicts)
        operations = [each for each in accepted if each.revision > before.revision]
        if operations:
            after = before.with_operations(operations)
            check_dependencies(after)
            await self._write(connection, job, before, after, operations)
        return accepted

    async def _merged(
        self, connection: AsyncConnection, job: Job, present: Manifest, edit: Edit
    ) -> tuple[object, Conflict | None]:
        """Find the value that an edit leads to, or what it conflicts with."""
        value = read_value(edit)
        if not 0 <= edit.base_revision <= job.work.manifest_revision:
            message = f"the manifest is at revision {job.work.manifest_revision}"
            fault = FieldError("base_revision", message, str(edit.base_revision))
            raise InvalidInputError(f"{fault.field}: {fault.message}", [fault])
        if edit.entity not in present.fields and edit.entity.kind is not Kind.SCENE:
            message = f"there is no {edit.entity} in this manifest"
            raise InvalidInputError(message, [FieldError("entity", message, str(edit.entity))])
        old = edit.base_revision < job.work.manifest_revision
        since = await self.store.since(connection, job.id, edit) if old else []
        if not since:
            return value, None
        last = since[-1]
        merged = together(edit, value, since[0].before, last.value)
        if merged is not None or value == last.value:
            return read_value(replace(edit, value=merged)), None
        return None, Conflict(
            entity=str(edit.entity),
            field=edit.field,
            current=last.value,
            asked=value,
            revision=last.revision,
            by=last.by,
        )

    async def _write(
        self,
        connection: AsyncConnection,
        job: Job,
        before: Manifest,
        after: Manifest,
        operations: Sequence[Operation],
    ) -> None:
        """Write accepted operations, the rows as they are then, and tell the journal."""
        now = self.clock()
        if before.revision == 0:
            await self.store.keep_snapshot(connection, job.id, before, now)
        await self.store.add(connection, job.id, operations)
        await self.store.apply(connection, self.jobs, job.id, after, operations)
        if before.revision // SNAPSHOT_EVERY < after.revision // SNAPSHOT_EVERY:
            await self.store.keep_snapshot(connection, job.id, after, now)
        update = JobUpdate(manifest_revision=after.revision)
        name = after.fields[Entity(Kind.JOB)]["name"]
        update = update if name == job.name else replace(update, name=name)
        entries = [Entry("manifest", told(operation)) for operation in operations]
        await self.jobs.change(connection, job, Change(update=update), entries, now)
        await self.notifier.notify(connection, job.id)


def told(operation: Operation) -> dict[str, object]:
    """Tell an operation as JSON, as the journal and its watchers have it."""
    return {
        "revision": operation.revision,
        "op_id": operation.edit.op_id,
        "entity": str(operation.edit.entity),
        "field": operation.edit.field,
        "value": operation.value,
        "by": operation.by,
    }


def _same(known: Operation, edit: Edit) -> Operation:
    """Answer an operation that came before, if it is the same one."""
    first = known.edit
    if (first.entity, first.field, first.value) != (edit.entity, edit.field, edit.value):
        raise OperationReusedError(edit.op_id)
    return known


def _check_edits(edits: Sequence[Edit]) -> None:
    if not 0 < len(edits) <= MOST_AT_ONCE:
        message = f"give 1 to {MOST_AT_ONCE} operations"
        fault = FieldError("operations", message, str(len(edits)))
        raise InvalidInputError(f"{fault.field}: {message}", [fault])
    seen: set[str] = set()
    for edit in edits:
        if not 0 < len(edit.op_id) <= _MOST_OP_ID_CHARS or edit.op_id in seen:
            message = f"give each operation an id of its own, at most {_MOST_OP_ID_CHARS} long"
            raise InvalidInputError(message, [FieldError("op_id", message, shown(edit.op_id))])
        seen.add(edit.op_id)
