"""The table of the line: which stage follows which, and which work does it."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.model import FINISHED, Change, Entry, Job, JobStatus, Stage
from callsheet.line.context import Jobs
from callsheet.ports.engine import Payload

NEXT: Final[Mapping[Stage, Stage]] = {
    Stage.INTAKE: Stage.QUOTE,
    Stage.QUOTE: Stage.RENDER,
    Stage.RENDER: Stage.DELIVER,
    Stage.DELIVER: Stage.DONE,
}


def stage_work_id(job: Job, stage: Stage) -> str:
    """Name the one work that does a stage in this round of a job."""
    return f"{stage}:{job.id}:{job.round}"


def stage_payload(job: Job) -> Payload:
    """Say which job and which round a work belongs to."""
    return {"job": job.id, "round": job.round}


async def enter(jobs: Jobs, connection: AsyncConnection, job: Job, stage: Stage) -> None:
    """Send a locked job into a stage: its checkpoint, its journal entry and the work, at once."""
    values: dict[str, Any] = {"stage": stage}
    if job.status not in FINISHED and not job.paused:
        values |= {"status": JobStatus.RUNNING, "problem": None}
    if job.started_at is None:
        values["started_at"] = jobs.clock()
    entry = Entry("stage", {"stage": stage, "round": job.round})
    await jobs.record(connection, job, [entry], Change(values=values))
    if stage is not Stage.DONE:
        await jobs.queue.enqueue(connection, stage, stage_work_id(job, stage), stage_payload(job))


async def leave(jobs: Jobs, connection: AsyncConnection, job: Job) -> None:
    """Send a locked job from the stage it is in to the next one."""
    await enter(jobs, connection, job, NEXT[job.stage])


def in_stage(job: Job, payload: Payload, stage: Stage) -> bool:
    """Tell whether work for a stage is still wanted: the job is there, in the same round.

    What a cancelled job has made is still delivered.
    """
    live = job.status not in FINISHED or (
        job.status is JobStatus.CANCELLED and stage is Stage.DELIVER
    )
    return live and job.stage is stage and job.round == payload["round"] and not job.paused
