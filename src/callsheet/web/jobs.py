"""Jobs of every kind: listed and looked at."""

from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import BaseModel, Field

from callsheet.web.entry import Services, Viewer
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
