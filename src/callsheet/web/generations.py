"""Generations: one take at a time, asked for by an application."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from callsheet.intake.model import RunMode
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.ids import JobId
from callsheet.orders.resolutions import Resolution
from callsheet.takes.model import ENDED, TakeStatus
from callsheet.views.takes import ShownTake, times
from callsheet.web.entry import Editor, IdempotencyKey, Services, Viewer, idempotent_request
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter

router = GuardedRouter(prefix="/api/generations", tags=["generations"])
_NAMES: Final = {"mediaType": "media_type", "sampleRate": "sample_rate"}  # of a state document
TakeName = Annotated[str, Field(max_length=100)]
Since = Annotated[
    str | None,
    Query(max_length=40, json_schema_extra={"format": "date-time"}, description="A time"),
]


class GenerationRequest(BaseModel, extra="forbid"):
    """What to make: a model and its inputs, as `GET /api/models` describes them.

    `wait_s` is how many seconds the answer may wait for the result.
    """

    model: Annotated[str, Field(max_length=200, examples=["local/storyboard"])]
    inputs: Annotated[dict[str, Any], Field(examples=[{"prompt": "a red mug on oak"}])]
    run_mode: RunMode = RunMode.DRY_RUN
    wait_s: Annotated[float, Field(ge=0, le=60)] = 0


class VerdictRequest(BaseModel, extra="forbid"):
    """What became of an order of which nobody knows whether it was placed.

    `ask` asks its provider again. `spent`: a person found that it was made and paid for.
    `never_ordered`: a person found that nothing was ordered; it is ordered now.
    """

    verdict: Resolution = Resolution.ASK


class AssetLink(BaseModel):
    """A file that was made.

    `url` and `thumbnail` are signed links, good for a day at least without a key. `width` and
    `height` are in pixels; `text` is how a text begins. What lasts has a `duration`
    in seconds, and its sound a `sample_rate` in samples a second.
    """

    sha256: str
    url: str
    thumbnail: str | None
    media_type: str
    width: int | None
    height: int | None
    text: str | None
    duration: float | None
    sample_rate: int | None
    channels: int | None


class Generation(BaseModel):
    """A take: one attempt of one model at one result.

    `price` is what was set aside for it and `charged` what it cost, in US dollars. `ticket` is the
    order's number at the provider. `next` says in a sentence what will happen next.
    """

    id: str
    job: str
    status: TakeStatus
    model: str
    provider: str
    inputs: dict[str, Any]
    inputs_digest: str
    content_digest: str | None
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


def generation_of(shown: ShownTake) -> Generation:
    """Word a take for the API."""
    take = shown.take
    links = [
        AssetLink.model_validate({_NAMES.get(name, name): value for name, value in made.items()})
        for made in shown.made
    ]
    return Generation(
        id=take.id,
        job=take.job,
        status=take.status,
        model=take.model,
        provider=take.provider,
        inputs=dict(take.inputs),
        inputs_digest=take.digests.inputs,
        content_digest=take.digests.content,
        price=str(take.price),
        charged=str(take.charged),
        assets=links,
        error=dict(take.error) if take.error else None,
        note=take.note,
        attempts=take.attempt,
        ticket=take.flight.ticket,
        next=shown.next or None,
        **times(take),
    )


@router.post(
    "",
    status_code=202,
    summary="Make one picture, clip, sound or text",
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
    caller: Editor,
    idempotency_key: IdempotencyKey = None,
) -> Generation:
    """Order one result from one model; 200 if it is done within `wait_s` seconds, else 202."""
    once = idempotent_request(request, idempotency_key, await request.body())
    started = await cs.generations.start(
        caller.workspace, body.model, body.inputs, body.run_mode, once
    )
    if started.replayed:
        response.headers["Idempotent-Replay"] = "true"
    ended = await cs.generations.ended(started, body.wait_s)
    if ended is not None:
        response.status_code = 200
        return generation_of(cs.views.takes.ended(ended.take, ended.known))
    take = await cs.generations.wait(caller.workspace, started.take, body.wait_s)
    if take.status in ENDED:
        response.status_code = 200
    [shown] = await cs.views.takes.shown([take])
    return generation_of(shown)


@router.get("", summary="List takes", responses=documented(401, 403, 422, 503))
async def generations(
    cs: Services,
    caller: Viewer,
    status: TakeStatus | None = None,
    model: Annotated[str | None, Query(max_length=200)] = None,
    provider: Annotated[str | None, Query(max_length=100)] = None,
    since: Since = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(pattern="^tk_[0-9a-z]{20}$")] = None,
) -> Generations:
    """List the workspace's takes, newest first."""
    takes = await cs.views.takes.listed(
        caller.workspace,
        limit=limit + 1,
        before=cursor,
        status=status,
        model=model,
        provider=provider,
        since=None if since is None else _moment(since),
    )
    page = takes[:limit]
    more = page[-1].id if len(takes) > limit else None
    shown = await cs.views.takes.shown(page)
    return Generations(items=[generation_of(each) for each in shown], next_cursor=more)


@router.get("/{take}", summary="One take", responses=documented(401, 403, 404, 422, 503))
async def generation(take: TakeName, cs: Services, caller: Viewer) -> Generation:
    """Answer a take with its state, its cost and what was made."""
    return generation_of(await cs.views.takes.one(caller.workspace, take))


@router.post(
    "/{take}/cancel",
    summary="Cancel a take",
    responses=documented(401, 403, 404, 409, 422, 503),
)
async def cancel(take: TakeName, cs: Services, caller: Editor) -> Generation:
    """Cancel a take that was asked for by itself; one of a batch is cancelled with its batch."""
    found = await cs.generations.take(caller.workspace, take)
    await cs.control.cancel_single(caller.workspace, JobId(found.job))
    return generation_of(await cs.views.takes.one(caller.workspace, take))


@router.post(
    "/{take}/reconcile",
    summary="Decide about a take in doubt",
    responses=documented(400, 401, 403, 404, 409, 413, 422, 503),
)
async def reconcile(
    take: TakeName, cs: Services, caller: Editor, body: VerdictRequest | None = None
) -> Generation:
    """Settle a take of which nobody knows whether it was ordered; nothing is ordered twice."""
    resolution = body.verdict if body else Resolution.ASK
    by = caller.name or "the local admin"
    await cs.reconciler.decide(caller.workspace, take, resolution, by)
    return generation_of(await cs.views.takes.one(caller.workspace, take))
