"""Productions: a brief goes in, a film comes out."""

from typing import Annotated, Any, Final, Literal

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from callsheet.kernel.money import Money
from callsheet.line.productions import Planned, production_document
from callsheet.planning.briefs import read_brief
from callsheet.planning.model import Brief
from callsheet.quality.asked import SETTING
from callsheet.web.batch_forms import BatchQuality
from callsheet.web.batches import Budget
from callsheet.web.comments import JobName
from callsheet.web.entry import Editor, IdempotencyKey, Services, Viewer, idempotent_request
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api", tags=["productions"])
_BRIEF: Final = frozenset(Brief.model_fields)


class FilmRequest(BaseModel, extra="forbid"):
    """A brief, and how it is to be made.

    Length, shape and mood are understood from `prompt` where no field says them. `models` names the
    model of a stage (`image`); a dry run, which costs nothing, draws every shot here.
    """

    prompt: Annotated[str, Field(max_length=20_000)]
    duration_sec: Annotated[float | None, Field(ge=5, le=600)] = None
    aspect_ratio: str | None = None
    title: Annotated[str | None, Field(max_length=200)] = None
    style: Annotated[str | None, Field(max_length=200)] = None
    mood: Annotated[str | None, Field(max_length=200)] = None
    language: str | None = None
    height: int | None = None
    rate: str | None = None
    quality: Literal["draft", "balanced", "quality"] | None = None
    voice_over: Annotated[str | None, Field(max_length=20_000)] = None
    music: Annotated[str | None, Field(max_length=200)] = None
    captions: bool | None = None
    must_have: Annotated[list[str] | None, Field(max_length=20)] = None
    must_not: Annotated[list[str] | None, Field(max_length=20)] = None
    budget_usd: Budget | None = None
    models: dict[Literal["image"], str] = Field(default_factory=dict)
    gates: dict[Literal["script", "budget", "review"], Literal["auto", "person"]] = Field(
        default_factory=dict
    )
    runMode: Literal["dry_run", "live"] = "dry_run"  # noqa: N815  # as batches have it
    seed: Annotated[int, Field(ge=0, le=2**31)] = 0
    checks: BatchQuality = BatchQuality()
    sign: bool = False

    def planned(self, cs: Services) -> Planned:
        """Plan the film. Raises BriefError and what rows may raise."""
        said = self.model_dump(exclude_none=True)
        more = {name: value for name, value in said.items() if name in _BRIEF - {"prompt"}}
        if self.duration_sec is not None:
            more["duration_s"] = self.duration_sec
        brief = read_brief(self.prompt, more)
        live, model = self.runMode == "live", self.models.get("image", "")
        return cs.productions.plan(brief, seed=self.seed, live=live, model=model)


class AcceptedFilm(BaseModel):
    """A production that has begun; `quote` is what its shots cost at most."""

    job_id: str
    status_url: str
    events_url: str
    production_url: str
    shots: int
    seconds: float
    quote: dict[str, Any]
    remarks: list[dict[str, Any]]


@router.post(
    "/generate",
    status_code=202,
    summary="Make a film from a brief",
    response_model=AcceptedFilm,
    responses=documented(400, 401, 402, 403, 409, 413, 422, 503),
)
async def generate(
    body: FilmRequest,
    request: Request,
    cs: Services,
    caller: Editor,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Plan a film, price its shots and begin; a dry run unless it says `live`."""
    planned = body.planned(cs)
    once = idempotent_request(request, idempotency_key, await request.body())
    accepted = await cs.productions.submit(
        caller.workspace,
        planned,
        request=once,
        budget=None if body.budget_usd is None else Money.usd(body.budget_usd),
        settings={
            **({"gates": dict(body.gates)} if body.gates else {}),
            SETTING: body.checks.model_dump(exclude_none=True),
        },
        sign=body.sign,
    )
    url = f"{cs.settings.public_url.rstrip('/')}/api/jobs/{accepted.job}"
    plan = planned.production.plan
    told = AcceptedFilm(
        job_id=accepted.job,
        status_url=url,
        events_url=f"{url}/events",
        production_url=f"{url}/production",
        shots=len(plan.shots),
        seconds=float(planned.production.brief["duration_s"]),
        quote={"total": str(accepted.quote.total), "currency": "USD"},
        remarks=[dict(each) for each in planned.production.remarks],
    )
    return JSONResponse(told.model_dump(mode="json"), 202, headers={"Location": url})


@router.post(
    "/generate/plan",
    summary="Plan a film, and make nothing",
    responses=documented(400, 401, 403, 413, 422, 503),
)
async def plan(body: FilmRequest, cs: Services, caller: Viewer) -> dict[str, Any]:
    """Answer scenes, shots, lines and remarks of a film, and what its shots would cost."""
    del caller
    planned = body.planned(cs)
    quote = await cs.submission.price(planned.draft)
    return {**production_document(planned.production), "quote": {"total": str(quote.total)}}


@router.get(
    "/jobs/{job}/production",
    summary="The brief, plan and film of a production",
    responses=documented(401, 403, 404, 409, 422, 503),
)
async def production(job: JobName, cs: Services, caller: Viewer) -> dict[str, Any]:
    """Answer brief, plan, remarks, the lines as they were read, and the film once it is made."""
    return production_document(await cs.productions.of_job(caller.workspace, job))
