"""Going on after a service was away: the work waits, and people see why."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Final

from callsheet.jobs.model import FINISHED, Change, Entry, JobStatus
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.line.context import LOG, LineContext
from callsheet.ports.engine import Payload, Work

_FIRST_WAIT_S: Final = 0.25
_LONGEST_WAIT_S: Final = 10.0


def patient(ctx: LineContext, name: str, work: Callable[[Payload], Awaitable[None]]) -> Work:
    """Wrap a work so that it is repeated until the services it needs are back.

    Works are safe to repeat: each looks at the rows and picks up where they stand. It holds its
    place at the engine meanwhile; when the store or the database is away there is nothing better
    to do with it. Anything but an UnavailableError is a defect: the job fails and says so.
    """

    async def run(payload: Payload) -> None:
        wait = _FIRST_WAIT_S
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
                await fail(ctx, JobId(payload["job"]), name, defect)
                raise

    return run


async def fail(ctx: LineContext, job_id: JobId, work: str, defect: Exception) -> None:
    """End a job that met a defect of ours; what was made stays, and can be retried."""
    said = {"code": "internal_error", "message": f"{work}: {type(defect).__name__}: {defect}"}
    async with ctx.books.database.begin() as connection:
        job = await ctx.jobs.store.lock(connection, job_id)
        if job.status in FINISHED:
            return
        values = {"status": JobStatus.FAILED, "problem": said, "finished_at": ctx.books.clock()}
        await ctx.jobs.record(connection, job, [Entry("problem", said)], Change(values=values))
