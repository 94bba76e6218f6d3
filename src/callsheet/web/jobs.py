"""Jobs of every kind: listed and looked at."""

from typing import Annotated, Any, Literal

from fastapi import Query, Response
from pydantic import BaseModel, Field

from callsheet.line.pipeline import Agreement
from callsheet.web.entry import Editor, Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.web.states import state_answer

router = GuardedRouter(prefix="/api/jobs", tags=["jobs"])


class Jobs(BaseModel):
    """A page of jobs, newest first."""

    items: list[dict[str, Any]]
    next_cursor: str | None


@router.get("", summary="List jobs", responses=documented(401, 403, 422, 503))
async def jobs(
    cs: Services,
    caller: Viewer,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(pattern="^job_[0-9a-z]{20}$")] = None,
) -> Jobs:
    """List the workspace's jobs of every kind, newest first, without their rows."""
    found = await cs.views.jobs.newest(caller.workspace, limit + 1, before=cursor)
    page = found[:limit]
    more = page[-1].id if len(found) > limit else None
    return Jobs(items=[cs.views.jobs.header(job) for job in page], next_cursor=more)


@router.get(
    "/{job}",
    summary="One job",
    response_model=dict[str, Any],
    responses=documented(401, 403, 404, 422, 503),
)
async def job_state(
    job: Annotated[str, Field(max_length=100)], cs: Services, caller: Viewer
) -> Response:
    """Answer a job's state with its first 10,000 rows."""
    return await state_answer(cs, await cs.views.jobs.find(caller.workspace, job))


@router.get(
    "/{job}/quality",
    summary="What the quality gates of a job did, and what they saved",
    responses=documented(401, 403, 404, 422, 503),
)
async def job_quality(
    job: Annotated[str, Field(max_length=100)], cs: Services, caller: Viewer
) -> dict[str, Any]:
    """Answer passes, retakes with their reasons, what was not ordered, and what is good cost."""
    return await cs.views.gates.of_job(await cs.views.jobs.find(caller.workspace, job))


class GateDecision(BaseModel, extra="forbid"):
    """What a person says at a gate."""

    decision: Literal["approve", "reject"]
    comment: Annotated[str, Field(max_length=2_000)] = ""


@router.post(
    "/{job}/gates/{gate}",
    summary="Approve or reject at a gate",
    response_model=dict[str, Any],
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def decide_at_gate(
    job: Annotated[str, Field(max_length=100)],
    gate: Annotated[str, Field(max_length=100)],
    body: GateDecision,
    cs: Services,
    caller: Editor,
) -> Response:
    """Let a job that waits at a gate go on, or cancel it there; answers its state."""
    found = await cs.views.jobs.find(caller.workspace, job)
    agreement = Agreement(body.decision, caller.name, body.comment)
    await cs.control.pass_gate(caller.workspace, found.id, gate, agreement)
    return await state_answer(cs, await cs.views.jobs.find(caller.workspace, job), most=None)
