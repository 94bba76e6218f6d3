"""How a job goes from one part of its pipeline to the next."""

from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.model import DONE, FINISHED, Change, Entry, Job, JobStatus, JobUpdate
from callsheet.kernel.counting import how_many
from callsheet.line.context import Jobs
from callsheet.line.pipeline import APPROVE, GATE, Gate, Step
from callsheet.ports.engine import Payload

_NO_CHANGE: Final = Change()


def stage_work_id(job: Job, stage: str) -> str:
    """Name the one work that does a stage in this round of a job."""
    return f"{stage}:{job.id}:{job.work.round}"


def stage_payload(job: Job) -> Payload:
    """Say which job and which round a work belongs to."""
    return {"job": job.id, "round": job.work.round}


async def enter(jobs: Jobs, connection: AsyncConnection, job: Job, step: Step) -> None:
    """Send a locked job into a stage: its checkpoint, its journal entry and the work, at once."""
    update = JobUpdate(stage=step.stage)
    if job.status not in FINISHED and not job.work.paused:
        update = replace(update, status=JobStatus.RUNNING, problem=None)
    if job.times.started_at is None:
        update = replace(update, started_at=jobs.clock())
    checkpoint = Entry("stage", {"stage": step.stage, "round": job.work.round})
    await jobs.record(connection, job, [checkpoint], Change(update=update))
    work_id = stage_work_id(job, step.stage)
    await jobs.queue.enqueue(connection, step.stage, work_id, stage_payload(job))


async def begin_round(
    jobs: Jobs, connection: AsyncConnection, job: Job, step: Step, change: Change = _NO_CHANGE
) -> None:
    """Send a locked job to a stage in a new round: back to one that it was in, or on after a rest.

    Work of earlier rounds that is still in the queue does nothing any more.
    """
    begun = JobUpdate(round=job.work.round + 1, status=JobStatus.RUNNING, problem=None)
    change = replace(change, update=change.update.then(begun))
    entry = Entry("round", {"round": job.work.round + 1, "stage": step.stage})
    job = await jobs.record(connection, job, [entry], change)
    await enter(jobs, connection, job, step)


async def leave(jobs: Jobs, connection: AsyncConnection, job: Job, gate: str | None = None) -> None:
    """Send a locked job on from the stage it is in, or from the gate behind it that agreed."""
    pipeline = jobs.pipeline(job)
    part = pipeline.after(job.work.stage, gate)
    while part is not None:
        if isinstance(part, Step):
            # what a cancelled job has made is delivered, and nothing else is done for it
            if part.delivers or (part.is_wanted(job) and job.status not in FINISHED):
                await enter(jobs, connection, job, part)
                return
            part = pipeline.after(part.stage)
            continue
        waiting = await part.count_waiting(connection, job)
        if (waiting or part.asks(job)) and job.status not in FINISHED:
            await _wait_at(jobs, connection, job, part, waiting)
            return
        part = pipeline.after(job.work.stage, part.name)


async def repeat(jobs: Jobs, connection: AsyncConnection, job: Job, step: Step) -> None:
    """Let the work of the stage in which a locked job is be done again, in the same round."""
    work_id = f"{stage_work_id(job, step.stage)}:{job.work.sequence}"
    await jobs.queue.enqueue(connection, step.stage, work_id, stage_payload(job))


async def ask_anew(jobs: Jobs, connection: AsyncConnection, job: Job, by: str) -> None:
    """Look again at what a locked job waits for at a gate, after somebody decided about a take.

    If that was all that the gate asked for, the job goes on.
    """
    at = (job.problem or {}).get("gate") if job.work.paused else None
    gate = next((each for each in jobs.pipeline(job).gates if each.name == at), None)
    if gate is None or gate.waiting is None:
        return
    waiting = await gate.count_waiting(connection, job)
    if waiting or gate.asks(job):
        if waiting != (job.problem or {}).get("takes", 0):
            await _wait_at(jobs, connection, job, gate, waiting)
        return
    said = {"decision": APPROVE, "by": by, "comment": "every take that waited was decided about"}
    entry = Entry("gate", {"gate": gate.name, "round": job.work.round, **said})
    going_on = JobUpdate(paused=False, status=JobStatus.RUNNING, problem=None)
    job = await jobs.record(connection, job, [entry], Change(update=going_on))
    await leave(jobs, connection, job, gate.name)


async def _wait_at(
    jobs: Jobs, connection: AsyncConnection, job: Job, gate: Gate, waiting: int
) -> None:
    """Let a locked job rest until a person agrees, or has decided about each take that waits."""
    way_on = (
        f"{gate.question} Say so: callsheet jobs approve {job.id} --gate {gate.name}, or reject"
    )
    if waiting:
        way_on = (
            f"{how_many(waiting, 'take')} must be looked at by a person:"
            f" callsheet takes list {job.id} --waiting, then callsheet takes approve or reject"
        )
    problem = {"code": GATE, "gate": gate.name, "message": way_on, "takes": waiting}
    update = JobUpdate(paused=True, status=JobStatus.WAITING, problem=problem)
    entry = Entry("gate", {"gate": gate.name, "decision": None, "round": job.work.round})
    await jobs.record(connection, job, [entry], Change(update=update))


def in_stage(job: Job, payload: Payload, step: Step) -> bool:
    """Tell whether work for a stage is still wanted: the job is there, in the same round.

    What a cancelled job has made is still delivered.
    """
    live = job.status not in FINISHED or (job.status is JobStatus.CANCELLED and step.delivers)
    here = job.work.stage == step.stage and job.work.stage != DONE
    return live and here and job.work.round == payload["round"] and not job.work.paused
