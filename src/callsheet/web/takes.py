"""Takes of jobs: what people decide about them, and how they stand with their checks."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from callsheet.accounts.errors import ForbiddenError
from callsheet.accounts.model import Role
from callsheet.jobs.decisions import Choice
from callsheet.kernel.digests import Sha256
from callsheet.web.comments import LOCAL_ADMIN
from callsheet.web.entry import Reviewer, Services, Viewer
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api", tags=["takes"])
TakeName = Annotated[str, Field(max_length=100)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class TakeDecision(BaseModel, extra="forbid"):
    """What a person decides about a take, the file that they saw and what it was to show.

    `override` approves a take that failed its checks, and needs an admin. It and `reject` need a
    reason.
    """

    decision: Choice
    sha256: Annotated[Digest, Field(description="The file, as the state of its job has it")]
    content_digest: Annotated[Digest, Field(description="What it was made to show, from there too")]
    reason: Annotated[str, Field(max_length=2_000)] = ""
    op_id: Annotated[
        str | None,
        Field(min_length=1, max_length=200, description="Makes a repeat the same decision"),
    ] = None


class TakeStanding(BaseModel):
    """How a take stands with its checks and with people.

    `qa` is pass, warn, fail or needs_human, and `qa_note` says why. `verdicts` are those of gates,
    `decision` is the newest of a person; a stale one no longer holds, because the shot is to show
    something else now.
    """

    take: str
    job: str
    row: int
    variant: int
    attempt: int
    status: str
    sha256: str | None
    content_digest: str | None
    qa: str | None
    qa_note: str | None
    verdicts: list[dict[str, Any]]
    decision: dict[str, Any] | None
    retake_of: str | None


class Findings(BaseModel):
    """What was found in a file, by each set of rules that it was examined under, newest first."""

    sha256: str
    examinations: list[dict[str, Any]]


@router.get(
    "/takes/{take}/quality",
    summary="How a take stands",
    responses=documented(401, 403, 404, 422, 503),
)
async def standing(take: TakeName, cs: Services, caller: Viewer) -> TakeStanding:
    """Answer the verdicts and the decision about a take."""
    return TakeStanding.model_validate(await cs.views.quality.told(caller.workspace, take))


@router.post(
    "/takes/{take}/decision",
    summary="Approve or reject a take",
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def decide(
    take: TakeName, body: TakeDecision, cs: Services, caller: Reviewer
) -> TakeStanding:
    """Write down what a person decided; a job that waited for it alone goes on.

    What is not any more what they saw is refused: 409 decision_outdated.
    """
    if body.decision is Choice.OVERRIDE and not caller.role.allows(Role.ADMIN):
        raise ForbiddenError(caller.role, Role.ADMIN)
    await cs.decisions.decide(
        caller.workspace,
        take,
        body.decision,
        asset=Sha256(body.sha256),
        content=Sha256(body.content_digest),
        reason=body.reason,
        by=caller.name or LOCAL_ADMIN,
        op_id=body.op_id,
    )
    return TakeStanding.model_validate(await cs.views.quality.told(caller.workspace, take))


@router.get(
    "/assets/{sha256}/findings",
    summary="What was found in a file",
    responses=documented(401, 403, 404, 422, 503),
)
async def findings(
    sha256: Annotated[str, Field(max_length=64)], cs: Services, caller: Viewer
) -> Findings:
    """Answer what its examinations found; none, for a file that was not examined."""
    found = await cs.views.quality.findings(caller.workspace, sha256)
    return Findings(sha256=sha256, examinations=[dict(each) for each in found])
