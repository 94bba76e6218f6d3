"""Generations: one take at a time, asked for by an application."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from callsheet.assets.model import AssetFacts
from callsheet.intake.model import RunMode
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.ids import JobId
from callsheet.orders.resolutions import Resolution
from callsheet.takes.model import ENDED, Take, TakeStatus
from callsheet.views.providers import Hindrance, waited_for
from callsheet.views.state import shown_asset
from callsheet.views.takes import explained, times
from callsheet.web.entry import Editor, IdempotencyKey, Services, Viewer, wish
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRoute
from callsheet.wiring import Callsheet

router = APIRouter(route_class=GuardedRoute, prefix="/api/generations", tags=["generations"])
TakeName = Annotated[str, Field(max_length=100)]
Since = Annotated[
    str | None,
    Query(max_length=40, json_schema_extra={"format": "date-time"}, description="A time"),
]


class GenerationRequest(BaseModel, extra="forbid"):
    """One wish."""

    model: Annotated[str, Field(max_length=200, examples=["local/storyboard"])]
    inputs: Annotated[dict[str, Any], Field(examples=[{"prompt": "a red mug on oak"}])]
    run_mode: RunMode = RunMode.DRY_RUN
    wait_s: Annotated[float, Field(ge=0, le=60)] = 0


class VerdictRequest(BaseModel, extra="forbid"):
    """What became of a take in doubt: `ask` its provider again, or what a person found out."""

    verdict: Resolution = Resolution.ASK


class AssetLink(BaseModel):
    """A file that was made: a link to its thumbnail, its pixels, or how a text begins."""

    sha256: str
    url: str
    thumbnail: str | None
    media_type: str
    width: int | None
    height: int | None
    text: str | None


class Generation(BaseModel):
    """A take, as it stands."""

    id: str
    job: str
    status: TakeStatus
    model: str
    provider: str
    inputs: dict[str, Any]
    inputs_digest: str
    price: str
    charged: str
    assets: list[AssetLink]
    error: dict[str, Any] | None
    note: str | None
    attempts: int
    ticket: str | None
    next: str | None
    created_at: str | None
    ordered_at: str | None
    accepted_at: str | None
    made_at: str | None
    finished_at: str | None


class Generations(BaseModel):
    """A page of takes, newest first."""

    items: list[Generation]
    next_cursor: str | None


def _moment(text: str) -> datetime:
    """Read a time; without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        fault = FieldError("since", "write a time such as 2026-01-31T08:00:00Z", shown(text))
        raise InvalidInputError(f"{fault.field}: {fault.message}", [fault]) from error


async def _shown(cs: Callsheet, takes: Sequence[Take]) -> list[Generation]:
    """Tell takes of one workspace, with what is known of their assets."""
    if not takes:
        return []
    workspace = takes[0].workspace
    facts: Mapping[Sha256, AssetFacts] = {}
    made = {take.asset for take in takes if take.asset}
    if made:
        async with cs.database.read() as connection:
            facts = await cs.line.books.assets.facts(connection, workspace, made)
    hindrances = await cs.provider_view.hindrances(workspace, waited_for(takes))
    return [_told(cs, take, facts, hindrances) for take in takes]


async def _shown_one(cs: Callsheet, take: Take) -> Generation:
    [shown] = await _shown(cs, [take])
    return shown


def _told(
    cs: Callsheet,
    take: Take,
    facts: Mapping[Sha256, AssetFacts],
    hindrances: Mapping[str, Hindrance],
) -> Generation:
    links = []
    if take.asset:
        told = shown_asset(cs.links, take.asset, facts)
        media_type = told.pop("mediaType")
        links = [AssetLink.model_validate({"sha256": take.asset, "media_type": media_type, **told})]
    return Generation(
        id=take.id,
        job=take.job,
        status=take.status,
        model=take.model,
        provider=take.provider,
        inputs=dict(take.inputs),
        inputs_digest=take.digests.inputs,
        price=str(take.price),
        charged=str(take.charged),
        assets=links,
        error=dict(take.error) if take.error else None,
        note=take.note,
        attempts=take.attempt,
        ticket=take.flight.ticket,
        next=explained(take, hindrances) or None,
        **times(take),
    )


@router.post(
    "",
    status_code=202,
    summary="Make one picture, clip or text",
    responses={
        200: {"model": Generation, "description": "Done within wait_s"},
        **documented(400, 401, 402, 403, 404, 409, 413, 422, 503),
    },
)
async def generate(
    body: GenerationRequest,
    request: Request,
    response: Response,
    cs: Services,
    member: Editor,
    idempotency_key: IdempotencyKey = None,
) -> Generation:
    """Order one take; 200 if it is done within `wait_s` seconds, else 202."""
    once = wish(request, idempotency_key, await request.body())
    started = await cs.generations.start(
        member.workspace, body.model, body.inputs, body.run_mode, once
    )
    if started.replayed:
        response.headers["Idempotent-Replay"] = "true"
    take = await cs.generations.wait(member.workspace, started.take, body.wait_s)
    if take.status in ENDED:
        response.status_code = 200
    return await _shown_one(cs, take)


@router.get("", summary="List takes", responses=documented(401, 403, 422, 503))
async def generations(
    cs: Services,
    member: Viewer,
    status: TakeStatus | None = None,
    model: Annotated[str | None, Query(max_length=200)] = None,
    provider: Annotated[str | None, Query(max_length=100)] = None,
    since: Since = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(pattern="^tk_[0-9a-z]{20}$")] = None,
) -> Generations:
    """List takes of the workspace, newest first."""
    async with cs.database.read() as connection:
        takes = await cs.line.books.takes.listed(
            connection,
            member.workspace,
            limit=limit + 1,
            before=cursor,
            status=status,
            model=model,
            provider=provider,
            since=None if since is None else _moment(since),
        )
    page = takes[:limit]
    more = page[-1].id if len(takes) > limit else None
    return Generations(items=await _shown(cs, page), next_cursor=more)


@router.get("/{take}", summary="One take", responses=documented(401, 403, 404, 422, 503))
async def generation(take: TakeName, cs: Services, member: Viewer) -> Generation:
    """Answer a take as it stands."""
    return await _shown_one(cs, await cs.generations.take(member.workspace, take))


@router.post(
    "/{take}/cancel",
    summary="Cancel a take",
    responses=documented(401, 403, 404, 409, 422, 503),
)
async def cancel(take: TakeName, cs: Services, member: Editor) -> Generation:
    """End a take that has not ended, with the job that it is all of."""
    found = await cs.generations.take(member.workspace, take)
    await cs.control.cancel_single(member.workspace, JobId(found.job))
    return await _shown_one(cs, await cs.generations.take(member.workspace, take))


@router.post(
    "/{take}/reconcile",
    summary="Decide about a take in doubt",
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def reconcile(
    take: TakeName, cs: Services, member: Editor, body: VerdictRequest | None = None
) -> Generation:
    """Ask the provider again, or say what a person found there; nothing is ordered twice."""
    verdict = body.verdict if body else Resolution.ASK
    by = member.key or "the local admin"
    await cs.reconciler.decide(member.workspace, take, verdict, by)
    return await _shown_one(cs, await cs.generations.take(member.workspace, take))
