"""Writing recovery snapshots: what a job is, read from the rooms that know it."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

import callsheet
from callsheet.assets.lineage import told_by
from callsheet.assets.snapshot import asset_out, lineage_out
from callsheet.assets.store import AssetStore
from callsheet.controls.model import request_kept
from callsheet.controls.store import AnswerStore
from callsheet.delivery.recovery import Recovery
from callsheet.intake.store import JobReference, ReferenceStore
from callsheet.jobs.decisions import DecisionStore, decision_out
from callsheet.jobs.manifest_snapshot import (
    kept_revisions,
    manifest_out,
    operations_out,
    scenes_out,
)
from callsheet.jobs.model import Job
from callsheet.jobs.productions import ProductionStore, production_out
from callsheet.jobs.snapshot import FORMAT, VERSION, RecordKind, head_of, records_of
from callsheet.jobs.store import JobStore
from callsheet.jobs.tables import SHOTS
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.money.snapshot import adjustments_of, budgets_of, entries_of, workspaces_with_money
from callsheet.ports.database import Database
from callsheet.quality.judge.store import JudgingStore, judging_out
from callsheet.quality.verdicts import VerdictStore, verdict_out
from callsheet.reviews.snapshot import comments_out
from callsheet.takes.model import NO_ROW
from callsheet.takes.outputs import outputs_of
from callsheet.takes.snapshot import output_out
from callsheet.takes.store import TakeStore
from callsheet.takes.tables import TAKES

_ROWS: Final = 250  # of a page of records
_REFERENCES: Final = 500
_COMMENTS: Final = 200
_OPERATIONS: Final = 1_000

Records = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Writes recovery snapshots of jobs, and of what belongs to workspaces.

    `_written` remembers by workspace what this process wrote last.
    """

    database: Database
    jobs: JobStore
    takes: TakeStore
    assets: AssetStore
    references: ReferenceStore
    answers: AnswerStore
    decisions: DecisionStore
    verdicts: VerdictStore
    judgings: JudgingStore
    recovery: Recovery
    clock: Callable[[], datetime]
    _written: dict[str, Sha256] = field(default_factory=dict, init=False)

    async def write(self, job: Job) -> None:
        """Write a snapshot of a job, as it stands now or later, and what its workspace has.

        Raises UnavailableError.
        """
        await self.write_workspace(job.workspace)
        request = request_kept(job.settings)
        async with self.database.read() as connection:
            answer = (
                await self.answers.answered(connection, job.workspace, request) if request else None
            )
            budgets = await budgets_of(connection, job.workspace, job.id)
        more = {"answer": answer, "budgets": budgets}
        head = head_of(job, self.clock(), callsheet.__version__, more)
        await self.recovery.write(job.id, head, self._records(job))

    async def _records(self, job: Job) -> AsyncIterator[Records]:
        """Tell a job's records page by page; each page is read by itself."""
        after = 0
        while True:
            async with self.database.read() as connection:
                shots = await self.jobs.shot_rows(connection, job.id, after, _ROWS)
                page = await self._of_shots(connection, job, shots, is_first=not after)
            if not shots:
                break
            yield page
            after = shots[-1].row
        async with self.database.read() as connection:
            references = await self.references.all(connection, job.id)
        for first in range(0, len(references), _REFERENCES):
            async with self.database.read() as connection:
                some = references[first : first + _REFERENCES]
                records = await self._of_references(connection, job, some)
            yield records
        async for page in self._of_manifest(job):
            yield page
        async with self.database.read() as connection:
            production = await ProductionStore().find(connection, job.id)
        if production is not None:
            yield [production_out(production)]
        after = 0
        while True:
            async with self.database.read() as connection:
                page = await comments_out(connection, job.id, after, _COMMENTS)
            if not page:
                return
            yield page
            after = page[-1]["row"]["sequence"]

    async def _of_shots(
        self,
        connection: AsyncConnection,
        job: Job,
        shots: Sequence[sa.Row[Any]],
        *,
        is_first: bool,
    ) -> Records:
        if not shots:
            return []
        first, last = NO_ROW if is_first else shots[0].row, shots[-1].row
        takes = await self.takes.rows_between(connection, job.id, first, last)
        ids = [TakeId(take.id) for take in takes]
        entries = await entries_of(connection, ids)
        outputs = await outputs_of(connection, ids)
        made = [output for of_take in outputs.values() for output in of_take]
        names = {Sha256(take.asset) for take in takes if take.asset}
        names |= {each.asset for each in made}
        decisions = await self.decisions.of_takes(connection, ids)
        verdicts = await self.verdicts.of_takes(connection, ids)
        judgings = await self.judgings.of_takes(connection, ids)
        return [
            *await self._of_assets(connection, job, names, ids),
            *records_of(RecordKind.SHOT, SHOTS, shots),
            *records_of(RecordKind.TAKE, TAKES, takes),
            *map(output_out, made),
            *({"kind": RecordKind.ENTRY, "entry": entry} for entry in entries),
            *(decision_out(each) for each in decisions),
            *(verdict_out(each) for of_take in verdicts.values() for each in of_take),
            *(judging_out(each) for of_take in judgings.values() for each in of_take),
        ]

    async def _of_assets(
        self,
        connection: AsyncConnection,
        job: Job,
        names: Collection[Sha256],
        takes: Collection[TakeId] = (),
    ) -> Records:
        if not names:
            return []
        assets = await self.assets.some(connection, job.workspace, sorted(names))
        facts = await told_by(connection, job.workspace, takes, sorted(names))
        return [*map(asset_out, assets), *map(lineage_out, facts)]

    async def _of_references(
        self, connection: AsyncConnection, job: Job, references: list[JobReference]
    ) -> Records:
        names = {Sha256(each.sha256) for each in references if each.sha256}
        return [
            *await self._of_assets(connection, job, names),
            *({"kind": RecordKind.REFERENCE, "reference": asdict(each)} for each in references),
        ]

    async def _of_manifest(self, job: Job) -> AsyncIterator[Records]:
        """Tell scenes, operations and kept manifests of a job page by page.

        It is read after the shots: the operations tell at least what shots were told to be.
        """
        async with self.database.read() as connection:
            newest = (await self.jobs.of_any_workspace(connection, job.id)).work.manifest_revision
            scenes = await scenes_out(connection, job.id) if newest else []
        if not newest:
            return
        yield scenes
        for first in range(0, newest, _OPERATIONS):
            async with self.database.read() as connection:
                page = await operations_out(connection, job.id, first, first + _OPERATIONS)
            yield page
        async with self.database.read() as connection:
            kept = await kept_revisions(connection, job.id)
        for revision in kept:
            async with self.database.read() as connection:
                page = [await manifest_out(connection, job.id, revision)]
            yield page

    async def write_workspaces(self) -> None:
        """Write what people set and corrected in every workspace. Raises UnavailableError."""
        async with self.database.read() as connection:
            workspaces = await workspaces_with_money(connection)
        for workspace in workspaces:
            await self.write_workspace(workspace)

    async def write_workspace(self, workspace: WorkspaceId) -> None:
        """Write a workspace's budgets and adjustments, unless that was done. See `write`."""
        async with self.database.read() as connection:
            document = {
                "format": FORMAT,
                "version": VERSION,
                "written_by": callsheet.__version__,
                "workspace": workspace,
                "budgets": await budgets_of(connection, workspace),
                "adjustments": await adjustments_of(connection, workspace),
            }
        digest = digest_of(document)
        if self._written.get(workspace) == digest:
            return
        if document["budgets"] or document["adjustments"] or workspace in self._written:
            await self.recovery.write_workspace(workspace, document)
            self._written[workspace] = digest
