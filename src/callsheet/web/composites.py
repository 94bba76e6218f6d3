"""Composites: products put into scenes, and how that fares."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import File, Form, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field

from callsheet.controls.model import Request as IdempotentRequest
from callsheet.kernel.ids import WorkspaceId
from callsheet.line.composites import Asked
from callsheet.takes.model import ENDED, Take, TakeStatus
from callsheet.web.entry import Admin, Editor, IdempotencyKey, Services, Viewer, idempotent_request
from callsheet.web.generations import Generation, TakeName, generation_of
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

router = GuardedRouter(tags=["composites"])
Method = Literal["", "auto", "kontext", "pil"]
Picture = Annotated[str, Field(min_length=1, max_length=4_000)]
Wait = Annotated[float, Field(ge=0, le=60)]


class CompositeRequest(BaseModel, extra="forbid"):
    """Products and a scene, as addresses or as hashes of assets, from the back to the front."""

    scene: Picture
    products: Annotated[list[Picture], Field(min_length=1, max_length=5)]
    places: Annotated[list[str], Field(max_length=5, examples=[["left third"]])] = []
    prompt: Annotated[str, Field(max_length=8_000)] = ""
    method: Method = ""
    inputs: Annotated[
        dict[str, Any], Field(description="Further inputs of the model local/composite")
    ] = {}
    wait_s: Wait = 0


class CompositeAnswer(BaseModel):
    """A composite: every take of it in order, the last of which is what it came to."""

    id: str
    status: TakeStatus
    method: Literal["kontext", "pil"]
    fell_back: str | None
    takes: list[Generation]


@router.post(
    "/api/composites",
    status_code=202,
    summary="Put products into a scene",
    responses={
        200: {"model": CompositeAnswer, "description": "Done within wait_s"},
        **documented(400, 401, 402, 403, 404, 409, 413, 422, 503),
    },
)
async def composite(
    body: CompositeRequest,
    request: Request,
    response: Response,
    cs: Services,
    caller: Editor,
    idempotency_key: IdempotencyKey = None,
) -> CompositeAnswer:
    """Ask for one composite; 200 if it is done within `wait_s` seconds, else 202."""
    inputs = {**body.inputs, "places": body.places}
    asked = Asked(body.scene, body.products, body.method, body.prompt, inputs)
    once = idempotent_request(request, idempotency_key, await request.body())
    return await _started(cs, response, caller.workspace, asked, once, body.wait_s)


@router.post(
    "/api/composites/upload",
    status_code=202,
    summary="Put products into a scene, sent as files",
    responses={
        200: {"model": CompositeAnswer, "description": "Done within wait_s"},
        **documented(400, 401, 402, 403, 409, 413, 422, 503),
    },
)
async def upload_composite(
    request: Request,
    response: Response,
    cs: Services,
    caller: Editor,
    scene: Annotated[UploadFile, File(description="The scene's picture")],
    product: Annotated[list[UploadFile], File(description="Products, from the back to the front")],
    place: Annotated[list[str] | None, Form()] = None,
    prompt: Annotated[str, Form(max_length=8_000)] = "",
    method: Annotated[Method, Form()] = "",
    wait_s: Annotated[float, Form(ge=0, le=60)] = 0,
    idempotency_key: IdempotencyKey = None,
) -> CompositeAnswer:
    """Ask for one composite of files; the same answer as for addresses."""
    under, products = await scene.read(), [await each.read() for each in product]
    inputs = {"places": place or []}
    fields = [each.encode() for each in (*inputs["places"], prompt, method)]
    once = idempotent_request(request, idempotency_key, under, *products, *fields)
    asked = Asked(under, products, method, prompt, inputs)
    return await _started(cs, response, caller.workspace, asked, once, wait_s)


@router.get(
    "/api/composites/{take}",
    summary="One composite",
    responses=documented(401, 403, 404, 422, 503),
)
async def composite_state(
    take: TakeName, response: Response, cs: Services, caller: Viewer
) -> CompositeAnswer:
    """Answer a composite as it stands, by its first take."""
    found = await cs.generations.take(caller.workspace, take)
    return await _answer(cs, response, found, 0)


async def _started(
    cs: Callsheet,
    response: Response,
    workspace: WorkspaceId,
    asked: Asked,
    once: IdempotentRequest | None,
    wait_s: float,
) -> CompositeAnswer:
    started = await cs.composites.start(workspace, asked, once)
    if started.replayed:
        response.headers["Idempotent-Replay"] = "true"
    return await _answer(cs, response, await cs.generations.take(workspace, started.take), wait_s)


async def _answer(cs: Callsheet, response: Response, first: Take, wait_s: float) -> CompositeAnswer:
    takes = await cs.composites.wait(first, wait_s)
    newest = takes[-1]
    if newest.status in ENDED:
        response.status_code = 200
    answered = bool(newest.inputs.get("answered"))
    kept = answered and "hosted answer refused" not in (newest.note or "")
    fell_back = newest.inputs.get("fell_back") or (newest.note if answered and not kept else None)
    return CompositeAnswer(
        id=first.id,
        status=newest.status,
        method="kontext" if kept or newest.provider != "local" else "pil",
        fell_back=fell_back,
        takes=[generation_of(each) for each in await cs.views.takes.shown(takes)],
    )


class CompositeMetrics(BaseModel):
    """How composites fared since a time."""

    stats: dict[str, dict[str, Any]]
    fallback_rate: float
    fallback_reasons: dict[str, int]
    cost: str
    since: str


class CompositeHealth(BaseModel):
    """Whether composites fare well, over the last 50."""

    status: Literal["healthy", "degraded", "unhealthy"]
    reasons: list[str]


@router.get(
    "/api/admin/metrics/composite",
    summary="How composites fare",
    responses=documented(401, 403, 422, 503),
)
async def composite_metrics(
    cs: Services, caller: Admin, days: Annotated[int, Query(ge=1, le=366)] = 30
) -> CompositeMetrics:
    """Count hosted and local composites of the workspace, from their takes."""
    since, found = await cs.views.composites.last_days(caller.workspace, days)
    return CompositeMetrics(
        stats={"kontext": found.hosted.told(), "pil": found.local.told()},
        fallback_rate=round(found.fallback_rate, 4),
        fallback_reasons=dict(found.reasons),
        cost=str(found.cost),
        since=since.isoformat(),
    )


@router.get(
    "/api/admin/metrics/health",
    summary="Whether composites fare well",
    responses=documented(401, 403, 422, 503),
)
async def composite_health(cs: Services, caller: Admin) -> CompositeHealth:
    """Judge the last 50 composites: degraded where the hosted model lets them down."""
    status, reasons = (await cs.views.composites.lately(caller.workspace)).health()
    return CompositeHealth.model_validate({"status": status, "reasons": reasons})


class DayOfComposites(BaseModel):
    """The composites of one day (UTC), by method, with what they cost in US dollars."""

    day: date
    kontext: dict[str, Any]
    pil: dict[str, Any]
    fallbacks: int
    cost: str


class DaysOfComposites(BaseModel):
    """Composites by day, the newest first."""

    items: list[DayOfComposites]


@router.get(
    "/api/admin/metrics/daily-generations",
    summary="Composites by day",
    responses=documented(401, 403, 422, 503),
)
async def daily_generations(
    cs: Services, caller: Admin, days: Annotated[int, Query(ge=1, le=92)] = 7
) -> DaysOfComposites:
    """Count hosted and local composites of the workspace for each day."""
    found = await cs.views.composites.by_day(caller.workspace, days)
    return DaysOfComposites(
        items=[
            DayOfComposites(
                day=day,
                kontext=fared.hosted.told(),
                pil=fared.local.told(),
                fallbacks=sum(fared.reasons.values()),
                cost=str(fared.cost),
            )
            for day, fared in found
        ]
    )


@router.post(
    "/api/admin/metrics/reset",
    summary="Begin the figures of composites anew",
    responses=documented(401, 403, 503),
)
async def reset_metrics(cs: Services, caller: Admin) -> dict[str, str]:
    """Count from now on; takes and money stay as they are, and the audit notes who did it."""
    since = await cs.composite_settings.count_anew(
        caller.workspace, by=caller.name or "the local admin"
    )
    return {"since": since.isoformat()}
