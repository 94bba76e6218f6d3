"""What people may do to a job that exists: pause, resume, cancel, retry its failed rows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.availability import SWITCHED_OFF
from callsheet.jobs.errors import IllegalMoveError
from callsheet.jobs.model import (
    DONE,
    FINISHED,
    UNCHANGED,
    Change,
    Entry,
    Job,
    JobKind,
    JobStatus,
    JobUpdate,
    Shot,
    ShotStatus,
    ShotUpdate,
    check_move,
)
from callsheet.kernel.errors import ConflictError
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.logs import event
from callsheet.kernel.money import Money
from callsheet.line.context import LOG, LineContext
from callsheet.line.errors import NotAtGateError, TakesUndecidedError
from callsheet.line.pipeline import APPROVE, Agreement, Step
from callsheet.line.progress import locked
from callsheet.line.transitions import begin_round, enter, leave
from callsheet.orders.progress import Moves
from callsheet.orders.settlement import TakeEnding, settle
from callsheet.takes.model import NO_ROW, Outcome, TakeStatus, moved
from callsheet.takes.standing import newest, row_entry, summed_up

PAUSED: Final = "paused"
_PAGE: Final = 250
_UNFINISHED: Final = frozenset({ShotStatus.QUEUED, ShotStatus.RUNNING})
_RETRYABLE: Final = frozenset({ShotStatus.FAILED, ShotStatus.PARTIAL})


@dataclass(frozen=True, slots=True)
class JobControl:
    """Verbs on jobs; each is one transaction and safe to repeat."""

    ctx: LineContext

    async def pause(self, workspace: WorkspaceId, job_id: JobId) -> None:
        """Let a job rest after the group of takes that is being made. Repeating it is fine."""
        async with self.ctx.books.database.begin() as connection:
            job = await self._locked(connection, workspace, job_id)
            if job.work.paused:
                return
            check_move(job, JobStatus.WAITING)
            message = f"paused; go on with: callsheet jobs resume {job.id}"
            said = {"code": PAUSED, "message": message}
            update = JobUpdate(paused=True, status=JobStatus.WAITING, problem=said)
            await self.ctx.jobs.record(
                connection, job, [Entry("problem", said)], Change(update=update)
            )

    async def resume(self, workspace: WorkspaceId, job_id: JobId) -> None:
        """Send a job that rests, or that a defect stopped, back to the stage it is in."""
        async with self.ctx.books.database.begin() as connection:
            job = await self._locked(connection, workspace, job_id)
            broken = job.status is JobStatus.FAILED and job.work.stage != DONE
            if not job.work.paused and not broken:
                if job.status in FINISHED:
                    raise IllegalMoveError("job", job.id, job.status, JobStatus.RUNNING)
                return  # it is at work already
            for provider in await self.ctx.books.takes.providers_of(connection, job.id):
                await self.ctx.books.availability.open(
                    connection, provider
                )  # a person says: try again
            change = Change(update=JobUpdate(paused=False, finished_at=None))
            await begin_round(self.ctx.jobs, connection, job, self._step(job), change)

    def _step(self, job: Job) -> Step:
        pipeline = self.ctx.jobs.pipeline(job)
        return pipeline.step(job.work.stage) or pipeline.first

    async def switch_provider(self, name: str, *, enabled: bool, reason: str) -> list[JobId]:
        """Let orders go to a provider or not; the jobs that go on because it is on again.

        What is out with the provider is followed to its end either way. Raises NotFoundError.
        """
        ctx = self.ctx
        ctx.providers.find(name)
        async with ctx.books.database.begin() as connection:
            now = ctx.books.clock()
            await ctx.books.availability.switch(
                connection, name, enabled=enabled, reason=reason, now=now
            )
            unfinished = await ctx.jobs.store.unfinished(connection) if enabled else []
        LOG.warning("provider.switched", extra=event(provider=name, enabled=enabled, reason=reason))
        rest = [job for job in unfinished if (job.problem or {}).get("code") == SWITCHED_OFF]
        for job in rest:
            await self.resume(job.workspace, job.id)
        return [job.id for job in rest]

    async def retry(self, workspace: WorkspaceId, job_id: JobId) -> int:
        """Make the failed rows of a finished job again, and rejected takes; how many rows."""
        ctx = self.ctx
        async with ctx.books.database.begin() as connection:
            job = await self._locked(connection, workspace, job_id)
            check_move(job, JobStatus.RUNNING)
            if job.status not in FINISHED or job.work.stage != DONE:
                raise IllegalMoveError("job", job.id, job.status, "retried before it is done")
            rejected = await ctx.verdicts.rejected(connection, job.id)
            rows = set(rejected.values())
            failed = await ctx.jobs.store.requeue(connection, job.id, _RETRYABLE, rows)
            await ctx.references.store.retry_failed(connection, job.id)
            refused = await ctx.jobs.store.count_refused(connection, job.id)
            begun = refused - job.tally.failed_rows
            change = Change(failed_rows=begun, update=JobUpdate(finished_at=None))
            await begin_round(ctx.jobs, connection, job, ctx.jobs.pipeline(job).first, change)
            return failed

    async def cancel(self, workspace: WorkspaceId, job_id: JobId) -> None:
        """End a job: what is made stays and is delivered, what waits is not made."""
        ctx = self.ctx
        async with ctx.books.database.begin() as connection:
            job = await self._locked(connection, workspace, job_id)
            if job.status is JobStatus.CANCELLED:
                return
            check_move(job, JobStatus.CANCELLED)
            job = await self._cancel_rows(connection, job)
            out = await ctx.books.in_flight.ask_to_cancel(connection, job.id, ctx.books.clock())
            update = JobUpdate(
                status=JobStatus.CANCELLED,
                paused=False,
                problem=None,
                finished_at=ctx.books.clock(),
            )
            await ctx.jobs.record(connection, job, [], Change(update=update))
            job = await ctx.jobs.store.lock(connection, job.id)
            if out:
                ctx.runtime.wake_poller.set()  # what a provider has in hand is stopped, or paid for
            else:
                await enter(ctx.jobs, connection, job, ctx.jobs.pipeline(job).last)
        ctx.books.metrics.jobs.labels(job.kind, JobStatus.CANCELLED).inc()

    async def pass_gate(
        self, workspace: WorkspaceId, job_id: JobId, gate: str, agreement: Agreement
    ) -> None:
        """Let a job that waits at a gate go on, or end it there; said twice, it is done once.

        Raises JobNotFoundError, NotAtGateError, TakesUndecidedError if it waits for people to
        decide about single takes.
        """
        ctx = self.ctx
        async with ctx.books.database.begin() as connection:
            job = await self._locked(connection, workspace, job_id)
            waits_at = (job.problem or {}).get("gate") if job.work.paused else None
            if waits_at != gate:
                raise NotAtGateError(job.id, gate, waits_at)
            entry = Entry("gate", {"gate": gate, "round": job.work.round, **asdict(agreement)})
            approved = agreement.decision == APPROVE
            if approved:
                await self._insist_decided(connection, job, gate)
            going_on = JobUpdate(paused=False, status=JobStatus.RUNNING, problem=None)
            change = Change(update=going_on if approved else UNCHANGED)
            job = await ctx.jobs.record(connection, job, [entry], change)
            if approved:
                await leave(ctx.jobs, connection, job, gate)
        if agreement.decision != APPROVE:
            await self.cancel(workspace, job_id)

    async def _insist_decided(self, connection: AsyncConnection, job: Job, gate: str) -> None:
        part = next(each for each in self.ctx.jobs.pipeline(job).gates if each.name == gate)
        if await part.count_waiting(connection, job):
            takes = await self.ctx.verdicts.waiting(connection, job.id)
            raise TakesUndecidedError(job.id, takes)

    async def cancel_single(self, workspace: WorkspaceId, job_id: JobId) -> None:
        """End a job of one take. Raises ConflictError for a take of a larger job."""
        async with self.ctx.books.database.read() as connection:
            job = await self.ctx.jobs.store.find(connection, workspace, job_id)
        if job.kind is not JobKind.SINGLE:
            raise ConflictError(f"this take belongs to batch {job.id}; cancel the batch")
        await self.cancel(workspace, job_id)

    async def _cancel_rows(self, connection: AsyncConnection, job: Job) -> Job:
        """End what nothing was spent on of a locked job, page by page; the job as it is then."""
        after, more = NO_ROW - 1, True  # what asks about takes is not asked any more either
        while more:
            shots = await self.ctx.jobs.store.shots_with(
                connection, job.id, _UNFINISHED, after=after, limit=_PAGE
            )
            more = len(shots) == _PAGE
            upto = shots[-1].row if more else None
            ended = await self.ctx.books.takes.cancel_open(
                connection, job.id, self.ctx.books.clock(), after=after, upto=upto
            )
            into = Moves()
            given_back = [
                TakeEnding(take, Outcome(take.id, take.flight.epoch, cancelled=True))
                for take in ended
            ]
            await settle(self.ctx.books, connection, locked(self.ctx.jobs, job), given_back, into)
            entries = [
                *(Entry(each.kind, each.body) for each in into.incidents),
                *await self._sum_up(connection, job, shots),
            ]
            change = Change(
                takes=moved(
                    (take.status, TakeStatus.CANCELLED) for take in ended if take.shows_a_shot
                ),
                held=Money(into.held),
            )
            if entries or ended:
                job = await self.ctx.jobs.record(connection, job, entries, change)
            after = upto or after
        return job

    async def _sum_up(
        self, connection: AsyncConnection, job: Job, shots: Sequence[Shot]
    ) -> list[Entry]:
        """Bring rows up to date with their takes; one without any is cancelled."""
        if not shots:
            return []
        ctx = self.ctx
        takes = newest(
            await ctx.books.takes.of_rows(connection, job.id, shots[0].row, shots[-1].row)
        )
        statuses = {
            shot.row: summed_up(takes[shot.row]) if shot.row in takes else ShotStatus.CANCELLED
            for shot in shots
        }
        changed = [ShotUpdate(shot.row, status=statuses[shot.row]) for shot in shots]
        await ctx.jobs.store.set_shots(connection, job.id, changed)
        return [
            row_entry(
                shot.row,
                shot.scene_id,
                statuses[shot.row],
                takes.get(shot.row, ()),
                shot.error,
            )
            for shot in shots
        ]

    async def _locked(
        self, connection: AsyncConnection, workspace: WorkspaceId, job_id: JobId
    ) -> Job:
        await self.ctx.jobs.store.find(connection, workspace, job_id)
        return await self.ctx.jobs.store.lock(connection, job_id)
