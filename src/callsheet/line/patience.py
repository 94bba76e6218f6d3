"""Going on after a service was away: the work waits, and people see why."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Final

from callsheet.jobs.model import FINISHED, Change, Entry, JobStatus, JobUpdate
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.line.context import LOG, LineContext
from callsheet.ports.engine import Payload, Work

_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 10.0


def patient(
    ctx: LineContext, name: str, work: Callable[[Payload], Awaitable[None]], *, attempts: int = 1
) -> Work:
    """Wrap a work so that it is repeated until the services it needs are back.

    Works are safe to repeat: each looks at the rows and picks up where they stand. It holds its
    place at the engine meanwhile; when the store or the database is away there is nothing better
    to do with it. Anything but an UnavailableError is a defect: it is tried again, and after so
    many attempts the job fails and says so; each error is kept in its journal.
    """

    async def run(payload: Payload) -> None:
        wait, attempt = _FIRST_WAIT_S, 1
        while True:
            try:
                await work(payload)
                break
            except UnavailableError as problem:
                LOG.warning(
                    "work.waits", extra=event(work=name, reason=str(problem), **dict(payload))
                )
                ctx.books.metrics.waits.labels(problem.code).inc()
                with contextlib.suppress(UnavailableError):
                    await ctx.progress.troubled(JobId(payload["job"]), problem)
                await asyncio.sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311  # jitter
                wait = min(wait * 2, _LONGEST_WAIT_S)
            except Exception as defect:
                if attempt >= attempts:
                    await fail(ctx, JobId(payload["job"]), name, defect)
                    raise
                LOG.exception("work.attempt_failed", extra=event(work=name, attempt=attempt))
                await note_attempt(ctx, JobId(payload["job"]), name, attempt, defect)
                await asyncio.sleep(_FIRST_WAIT_S * attempt)
                attempt += 1

    return run


async def note_attempt(
    ctx: LineContext, job_id: JobId, work: str, attempt: int, defect: Exception
) -> None:
    """Keep the error of an attempt that is followed by another."""
    body = {"work": work, "attempt": attempt, "error": f"{type(defect).__name__}: {defect}"}
    with contextlib.suppress(UnavailableError):
        async with ctx.books.database.begin() as connection:
            job = await ctx.jobs.store.lock(connection, job_id)
            await ctx.jobs.record(connection, job, [Entry("attempt", body)])


async def fail(ctx: LineContext, job_id: JobId, work: str, defect: Exception) -> None:
    """End a job that met a defect of ours; what was made stays, and can be retried."""
    said = {"code": "internal_error", "message": f"{work}: {type(defect).__name__}: {defect}"}
    async with ctx.books.database.begin() as connection:
        job = await ctx.jobs.store.lock(connection, job_id)
        if job.status in FINISHED:
            return
        update = JobUpdate(status=JobStatus.FAILED, problem=said, finished_at=ctx.books.clock())
        await ctx.jobs.record(connection, job, [Entry("problem", said)], Change(update=update))
