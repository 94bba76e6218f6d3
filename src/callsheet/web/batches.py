"""Batches: rows in, state out, and what may be done to them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Form, Query, Request, Response
from pydantic import BaseModel, Field

from callsheet.intake.model import BatchDraft, Defaults
from callsheet.intake.recipe import Recipe
from callsheet.intake.rows import draft_from_items, draft_from_table
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.kernel.paging import paged
from callsheet.line.accepted import Accepted, Priced
from callsheet.line.reuse import fresh_setting
from callsheet.orders.resolutions import Resolution
from callsheet.quality.asked import OFF, SETTING
from callsheet.sources.table import table_of_items
from callsheet.web.batch_forms import BatchQuality, QualityForm, SheetForm
from callsheet.web.corrections import ModelCorrection, corrections_of
from callsheet.web.customer_webhooks import NewWebhook, ToldAt, webhook_of
from callsheet.web.entry import Editor, IdempotencyKey, Services, Viewer, idempotent_request
from callsheet.web.generations import VerdictRequest
from callsheet.web.items import AS_IT_CAME, unread, validated
from callsheet.web.limits import MOST_ITEMS
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.web.states import MAX_PAGE, state_answer
from callsheet.wiring import Callsheet

router = GuardedRouter(prefix="/batch", tags=["batches"])
BatchId = Annotated[str, Field(max_length=100)]
_PRICES_AT_ONCE: Final = 2_000
Budget = Annotated[
    Decimal,
    Field(ge=0, le=1_000_000_000, max_digits=16, decimal_places=6),
    Field(description="Most that this job may commit, in US dollars"),
]

Inputs = Annotated[
    dict[str, Any],
    Field(description="Inputs of the model beyond those that every row has, by name"),
    Field(examples=[{"duration_s": 10, "audio": True}]),
]


class Reference(BaseModel, extra="forbid"):
    """The address of a picture that guides a model, and in which mode it does."""

    url: Annotated[str, Field(examples=["https://example.com/brand.png"])]
    mode: Annotated[str | None, Field(examples=["style_only"])] = None


class Item(BaseModel, extra="forbid"):
    """One row: a picture, clip or text to make, in one or more variants."""

    prompt: Annotated[str, Field(examples=["cyberpunk city at dusk"])] = ""
    scene_id: Annotated[str | None, Field(examples=["S-001"])] = None
    ref_pack_public_urls: list[Reference | str] | None = None
    references: list[Reference | str] | None = None
    variants: int | None = None
    model: str | None = None
    size: Annotated[str | None, Field(examples=["1024x1024"])] = None
    reference_mode: str | None = None
    inputs: Inputs | None = None
    quality: Annotated[
        Literal["on", "off"], Field(description="`off` leaves this row unexamined")
    ] = "on"
    product: Annotated[
        list[str] | str | None, Field(description="With `scene`: pictures to put into it")
    ] = None
    scene: Annotated[str | None, Field(description="The picture that products are put into")] = None
    place: Annotated[str | None, Field(examples=["left third"])] = None
    method: Annotated[str | None, Field(examples=["auto"])] = None


class BatchRequest(BaseModel, extra="forbid"):
    """Rows to make, and what they share: references, model and inputs for rows that name none.

    `runMode` is `dry_run` (local previews, nothing is spent) or `live`.
    """

    items: Annotated[list[Annotated[Any, unread(Item)]], Field(max_length=MOST_ITEMS), AS_IT_CAME]
    recipe: Annotated[
        Recipe | None,
        Field(description="What the fields of items mean, if they are columns of your own"),
    ] = None
    keep_going: Annotated[
        bool, Field(description="Make the good rows; the others come back as failed")
    ] = False
    global_refs: Annotated[list[Reference | str], Field(max_length=50)] = []
    runMode: str = "dry_run"  # noqa: N815  # the sheet client's established name
    model: str = ""
    name: str = ""
    budget_usd: Budget | None = None
    inputs: Inputs = Field(default_factory=dict)
    gates: Annotated[
        dict[Literal["budget", "review"], Literal["auto", "person"]],
        Field(description="Where a person must agree before the batch goes on"),
    ] = Field(default_factory=dict)
    fresh: Annotated[
        bool,
        Field(description="Pay again for what another batch had made with the very same order"),
    ] = False
    quality: BatchQuality = BatchQuality()
    sign: Annotated[
        bool, Field(description="Sign what is made (C2PA); nothing leaves unsigned then")
    ] = False
    webhook: NewWebhook | None = None


class RowQuote(BaseModel):
    """The price of one row."""

    row: int
    price: str


class LeftOut(BaseModel):
    """A row that is not made, and why."""

    row: int
    message: str


class Quote(BaseModel):
    """What the batch would cost live, in US dollars."""

    total: Annotated[str, Field(examples=["0.039000"])]
    currency: str = "USD"
    perRow: list[RowQuote]  # noqa: N815  # the sheet client's established name
    corrections: list[ModelCorrection]
    notes: Annotated[
        list[str],
        Field(description="How the sheet was read, and what to know before money is spent"),
    ]
    refused: Annotated[list[LeftOut], Field(description="Rows that are not made")] = []


class AcceptedBatch(BaseModel):
    """A batch that was accepted: where to follow it, and what it would cost live.

    `webhook` is answered this once: a repeat of the same request answers none.
    """

    batchId: str  # noqa: N815  # the sheet client's established names
    status: str = "queued"
    runMode: str  # noqa: N815
    statusUrl: str  # noqa: N815
    progressUrl: str  # noqa: N815
    quote: Quote
    webhook: ToldAt | None = None


async def _accepted(
    cs: Callsheet, request: Request, accepted: Accepted, webhook: ToldAt | None = None
) -> Response:
    base = (cs.settings.public_url or str(request.base_url)).rstrip("/")
    told = None if accepted.replayed else webhook
    content = await asyncio.to_thread(_worded, accepted, base, told)
    replay = {"Idempotent-Replay": "true"} if accepted.replayed else {}
    return Response(content, 202, replay, "application/json")


def _worded(accepted: Accepted, base: str, webhook: ToldAt | None) -> bytes:
    """Write an AcceptedBatch, its prices a few at a time: a long list in one go holds all up."""
    answer = AcceptedBatch(
        batchId=accepted.job,
        runMode=accepted.run_mode,
        statusUrl=f"{base}/batch/{accepted.job}",
        progressUrl=f"{base}/progress/{accepted.job}",
        quote=_without_rows(accepted.quote),
        webhook=webhook,
    )
    return _with_rows(answer, accepted.quote)


def _without_rows(priced: Priced) -> Quote:
    refused = [LeftOut(row=row, message=message) for row, message in priced.refused]
    return Quote(
        total=str(priced.total),
        perRow=[],
        corrections=corrections_of(priced.corrections),
        notes=[*priced.notes],
        refused=refused,
    )


def _with_rows(answer: BaseModel, priced: Priced) -> bytes:
    rows = [
        json.dumps([{"row": row, "price": str(price)} for row, price in page])[1:-1].encode()
        for page in paged(priced.per_row, _PRICES_AT_ONCE)
    ]
    before, after = answer.model_dump_json(exclude_none=True).encode().split(b'"perRow":[]', 1)
    return b"".join([before, b'"perRow":[', b",".join(rows), b"]", after])


@router.post(
    "/images",
    status_code=202,
    summary="Make pictures from rows",
    response_model=AcceptedBatch,
    responses=documented(400, 401, 402, 403, 409, 413, 422, 503),
)
async def make_images(
    body: BatchRequest,
    request: Request,
    cs: Services,
    caller: Editor,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Price rows and begin to make them; a dry run, which costs nothing, unless it says `live`."""
    shared = tuple(
        (each, "") if isinstance(each, str) else (each.url, each.mode or "")
        for each in body.global_refs
    )
    defaults = Defaults(
        name=body.name,
        run_mode=body.runMode,
        model=body.model,
        global_references=shared,
        inputs=body.inputs,
    )
    draft = await asyncio.to_thread(_draft_of_items, cs, body, defaults)
    content = await request.body()
    request_once = await asyncio.to_thread(idempotent_request, request, idempotency_key, content)
    webhook, told = webhook_of(cs, caller.workspace, body.webhook)
    accepted = await cs.submission.submit(
        caller.workspace,
        draft,
        request=request_once,
        budget=_money(body.budget_usd),
        settings={
            **({"gates": dict(body.gates)} if body.gates else {}),
            **fresh_setting(fresh=body.fresh),
            SETTING: body.quality.model_dump(exclude_none=True),
        },
        sign=body.sign,
        webhook=webhook,
    )
    return await _accepted(cs, request, accepted, told)


def _draft_of_items(cs: Callsheet, body: BatchRequest, defaults: Defaults) -> BatchDraft:
    items = body.items
    if body.recipe is not None:
        recipe = body.recipe.but(keep_going=body.keep_going)
        table = table_of_items(items, cs.limits.max_rows)
        return draft_from_table(table, defaults=defaults, limits=cs.limits, recipe=recipe)
    off: set[int] = set()

    def rows() -> Iterator[dict[str, Any]]:
        for number, item in enumerate(validated(Item, items, name="items"), start=1):
            if item.quality == OFF:
                off.add(number)
            yield item.model_dump(exclude_none=True, exclude={"quality"})

    draft = draft_from_items(
        rows(),
        count=len(items),
        defaults=defaults,
        limits=cs.limits,
        keep_going=body.keep_going,
    )
    if not off:
        return draft
    said = {SETTING: OFF}  # as if a sheet's own column did
    marked = (
        replace(row, extra={**row.extra, **said}) if row.row in off else row for row in draft.rows
    )
    return replace(draft, rows=tuple(marked))


def _money(amount: Decimal | None) -> Money | None:
    return None if amount is None else Money.usd(amount)


@router.post(
    "/upload",
    status_code=202,
    summary="Make pictures from a sheet",
    response_model=AcceptedBatch,
    responses=documented(400, 401, 402, 403, 409, 413, 422, 503),
)
async def upload_sheet(
    request: Request,
    cs: Services,
    caller: Editor,
    form: Annotated[SheetForm, Depends()],
    more: Annotated[QualityForm, Depends()],
    budget_usd: Annotated[Budget | None, Form()] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Do the same with the rows of a sheet; errors name row and column."""
    content = await form.file.read()
    async with request.app.state.sheets:
        draft = await asyncio.to_thread(form.draft, cs, content)
    fields = [*form.fields, str(budget_usd or ""), *more.fields]
    encoded = [field.encode() for field in fields]
    request_once = await asyncio.to_thread(
        idempotent_request, request, idempotency_key, content, *encoded
    )
    accepted = await cs.submission.submit(
        caller.workspace,
        draft,
        request=request_once,
        budget=_money(budget_usd),
        settings={SETTING: more.quality.model_dump(exclude_none=True)},
        sign=more.sign,
    )
    return await _accepted(cs, request, accepted)


@router.post(
    "/quote",
    summary="Price a sheet",
    response_model=Quote,
    responses=documented(400, 401, 403, 413, 422, 503),
)
async def quote_sheet(
    request: Request, cs: Services, _caller: Viewer, form: Annotated[SheetForm, Depends()]
) -> Response:
    """Say what a sheet would cost live, and how it is read; nothing is created."""
    content = await form.file.read()
    async with request.app.state.sheets:
        draft = await asyncio.to_thread(form.draft, cs, content)
    priced = await cs.submission.price(draft)
    answer = await asyncio.to_thread(lambda: _with_rows(_without_rows(priced), priced))
    return Response(answer, media_type="application/json")


@router.get(
    "/{batch}",
    summary="State of a batch",
    response_model=dict[str, Any],
    responses=documented(401, 403, 404, 422, 503),
)
async def batch_state(
    batch: BatchId,
    cs: Services,
    caller: Viewer,
    rows: Annotated[int, Query(ge=0, le=1, description="0 leaves the rows out")] = 1,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = MAX_PAGE,
) -> Response:
    """Answer a batch's state, with a page of its rows."""
    job = await cs.views.jobs.find(caller.workspace, batch)
    return await state_answer(cs, job, offset=offset, most=limit if rows else None)


class Decided(BaseModel):
    """The ids of the takes that were in doubt."""

    takes: list[str]


@router.post(
    "/{batch}/reconcile",
    summary="Decide about all takes in doubt",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def reconcile(
    batch: BatchId, cs: Services, caller: Editor, body: VerdictRequest | None = None
) -> Decided:
    """Settle every take of a batch of which nobody knows whether it was ordered."""
    resolution = body.verdict if body else Resolution.ASK
    by = caller.name or "the local admin"
    takes = await cs.reconciler.decide_all(caller.workspace, batch, resolution, by)
    return Decided(takes=[*takes])


@router.post(
    "/{batch}/{verb}",
    summary="Cancel, pause, resume or retry",
    responses=documented(401, 403, 404, 409, 422, 503),
)
async def act(
    batch: BatchId,
    verb: Annotated[str, Field(pattern="^(cancel|pause|resume|retry)$")],
    cs: Services,
    caller: Editor,
) -> dict[str, Any]:
    """Cancel, pause or resume a batch, or make its failed rows again; answers its state."""
    verbs: Mapping[str, Callable[[WorkspaceId, JobId], Awaitable[object]]] = {
        "cancel": cs.control.cancel,
        "pause": cs.control.pause,
        "resume": cs.control.resume,
        "retry": cs.control.retry,
    }
    await verbs[verb](caller.workspace, JobId(batch))
    return cs.views.jobs.header(await cs.views.jobs.find(caller.workspace, batch))
