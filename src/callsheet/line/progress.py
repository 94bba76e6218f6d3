"""What became of takes, brought to their rows and jobs: the line's answer to orders.progress."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.model import (
    FINISHED,
    UNCHANGED,
    Change,
    Entry,
    Job,
    JobStatus,
    JobUpdate,
    ShotUpdate,
)
from callsheet.kernel.errors import CallsheetError
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.line.composed import ComposedTakes
from callsheet.line.context import Jobs
from callsheet.line.transitions import leave, repeat
from callsheet.orders.progress import Admission, Incident, LockedJob, Moves, Problem
from callsheet.ports.database import Database
from callsheet.ports.hosted import NotReachedError, UntrustedError
from callsheet.takes.model import Take, TakeStatus, moved
from callsheet.takes.standing import first_error, newest, row_entry, summed_up
from callsheet.takes.store import TakeStore

_UNREACHED: Final = frozenset({NotReachedError.code, UntrustedError.code})
_TRIED: Final = frozenset({TakeStatus.ORDERED, TakeStatus.HELD})
_MOST_NOTED: Final = 10_000


def locked(jobs: Jobs, job: Job) -> LockedJob:
    """Say of a locked job what ordering must know."""
    wants = _orders(jobs, job) and job.status not in FINISHED
    return LockedJob(job.id, job.workspace, wants, job.status is JobStatus.CANCELLED, job)


def _orders(jobs: Jobs, job: Job) -> bool:
    """Tell whether a job is in a stage in which takes are ordered, and does not rest there."""
    step = jobs.pipeline(job).step(job.work.stage)
    return step is not None and step.orders and not job.work.paused


def job_of(job: LockedJob) -> Job:
    """Take back what `locked` gave out."""
    assert isinstance(job.owners, Job)  # noqa: S101  # nobody else makes them
    return job.owners


@dataclass(frozen=True, slots=True)
class LineProgress:
    """Implements orders.progress.JobProgress."""

    database: Database
    jobs: Jobs
    takes: TakeStore
    composed: ComposedTakes

    async def lock(self, connection: AsyncConnection, job: JobId) -> LockedJob:
        """Lock a job."""
        return locked(self.jobs, await self.jobs.store.lock(connection, job))

    async def report(
        self,
        connection: AsyncConnection,
        job: LockedJob,
        moves: Moves,
        waits: Problem | None = None,
    ) -> None:
        """Bring a locked job and its rows up to date, and send it on if nothing is open."""
        current = job_of(job)
        if moves.moves or moves.incidents or waits:
            shown = [(take, to) for take, to in moves.moves if take.shows_a_shot]
            rows = {take.row for take, _ in shown}
            counts = await self.composed.follow(connection, current, shown)
            entries = [
                *(Entry(each.kind, each.body) for each in moves.incidents),
                *await self._sum_up_rows(connection, current, rows),
            ]
            update = _going_on(current, moves)
            if waits:
                update = JobUpdate(paused=True, status=JobStatus.WAITING, problem=waits)
            change = Change(
                takes=moved(counts),
                held=Money(moves.held),
                charged=Money(moves.charged),
                update=update,
            )
            current = await self.jobs.record(connection, current, entries, change)
        await self.finish_if_done(connection, current)

    async def admit(
        self, connection: AsyncConnection, job: LockedJob, takes: Sequence[Take]
    ) -> Admission:
        """Let takes be ordered, hosted composites as far as their limits allow."""
        return await self.composed.admit(connection, job_of(job), takes)

    async def not_waiting(
        self, connection: AsyncConnection, job: LockedJob, provider: str
    ) -> tuple[Sequence[Take], bool]:
        """List composites that wait for a provider which takes no order; others may wait there."""
        return await self.composed.not_waiting(connection, job_of(job), provider)

    async def replace(
        self, connection: AsyncConnection, job: LockedJob, takes: Sequence[Take], after_s: float
    ) -> None:
        """Let local composites take the place of hosted ones that take too long."""
        current = job_of(job)
        counts = await self.composed.replace(connection, current, takes, after_s)
        if counts:
            entries = await self._sum_up_rows(connection, current, {take.row for take in takes})
            await self.jobs.record(connection, current, entries, Change(takes=moved(counts)))

    async def _sum_up_rows(
        self, connection: AsyncConnection, job: Job, rows: Collection[int]
    ) -> list[Entry]:
        """Bring rows up to date with their takes; the journal entries that tell it."""
        if not rows:
            return []
        scenes = await self.jobs.store.scenes(connection, job.id, rows)
        takes = newest(await self.takes.of_these_rows(connection, job.id, rows))
        entries, changed = [], []
        for row, scene_id in scenes.items():
            status = summed_up(takes[row])
            entries.append(row_entry(row, scene_id, status, takes[row]))
            changed.append(ShotUpdate(row, status=status, error=first_error(takes[row])))
        await self.jobs.store.set_shots(connection, job.id, changed)
        return entries

    async def finish_if_done(self, connection: AsyncConnection, job: Job) -> None:
        """Send a locked job on when none of its takes is open."""
        if job.tally.takes.open or not _orders(self.jobs, job):
            return
        step = self.jobs.pipeline(job).step(job.work.stage)
        if step is None or not step.repeats or job.status in FINISHED:
            await leave(self.jobs, connection, job)
        elif not await self.takes.any_asked(connection, job.id):
            await repeat(self.jobs, connection, job, step)

    async def note(self, connection: AsyncConnection, job: LockedJob, incident: Incident) -> None:
        """Write something into a locked job's journal."""
        await self.jobs.record(connection, job_of(job), [Entry(incident.kind, incident.body)])

    async def noted(
        self, connection: AsyncConnection, job: JobId, kind: str, key: str, value: str
    ) -> bool:
        """Tell whether a job's journal has such an entry."""
        entries = await self.jobs.store.journal(connection, job, 0, _MOST_NOTED, kind)
        return any(entry.body[key] == value for entry in entries)

    async def wait(
        self, connection: AsyncConnection, job: LockedJob, problem: Problem, *, paused: bool
    ) -> None:
        """Let a locked job say that it waits, and why."""
        current = job_of(job)
        if current.work.paused or current.status in FINISHED:
            return
        if not paused and waits_for(current, str(problem.get("provider", ""))):
            return
        update = JobUpdate(status=JobStatus.WAITING, problem=problem)
        if paused:
            update = replace(update, paused=True)
        entry = Entry("problem", problem)
        await self.jobs.record(connection, current, [entry], Change(update=update))

    async def find(self, connection: AsyncConnection, workspace: WorkspaceId, job: str) -> JobId:
        """Find a workspace's job. Raises JobNotFoundError."""
        return (await self.jobs.store.find(connection, workspace, job)).id

    async def reached(self, provider: str) -> None:
        """Let jobs run on that waited because this provider was not reached."""
        async with self.database.read() as connection:
            jobs = await self.jobs.store.unfinished(connection)
        for job_id in [job.id for job in jobs if waits_for(job, provider)]:
            async with self.database.begin(small=True) as connection:
                job = await self.jobs.store.lock(connection, job_id)
                if waits_for(job, provider) and not job.work.paused and job.status not in FINISHED:
                    going_on = JobUpdate(status=JobStatus.RUNNING, problem=None)
                    entry = Entry("stage", {"stage": job.work.stage, "round": job.work.round})
                    await self.jobs.record(connection, job, [entry], Change(update=going_on))

    async def troubled(self, job: JobId, problem: CallsheetError) -> None:
        """Let a job wait, with the reason where people look; said once until it changes."""
        async with self.database.begin() as connection:
            current = await self.jobs.store.lock(connection, job)
            if current.status in FINISHED or (current.problem or {}).get("code") == problem.code:
                return
            said = problem_of(problem)
            change = Change(update=JobUpdate(status=JobStatus.WAITING, problem=said))
            await self.jobs.record(connection, current, [Entry("problem", said)], change)


def problem_of(error: CallsheetError) -> dict[str, str]:
    """Word an error for the state of a job."""
    return {"code": error.code, "message": str(error)}


def waits_for(job: Job, provider: str = "") -> bool:
    """Tell whether a job waits because a provider, or this one, is not reached."""
    problem = job.problem or {}
    named = problem.get("provider") == provider or not provider
    return problem.get("code") in _UNREACHED and named


def _going_on(job: Job, moves: Moves) -> JobUpdate:
    """Say that a job runs again that waited; but not for one more order that was only tried."""
    moving = job.status in (JobStatus.QUEUED, JobStatus.WAITING) and not job.work.paused
    if waits_for(job) and all(to in _TRIED for _, to in moves.moves):
        moving = False
    return JobUpdate(status=JobStatus.RUNNING, problem=None) if moving else UNCHANGED
