"""Models: what can be asked for, what it costs, and switching one off."""

import asyncio
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field

from callsheet.line.offers import Offer
from callsheet.web.corrections import ModelCorrection, corrections_of
from callsheet.web.entry import Admin, Services, Viewer, server_only
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRouter
from callsheet.wiring import Callsheet

ProviderName = Annotated[str, Field(max_length=100)]
router = GuardedRouter(tags=["models"])


class Price(BaseModel):
    """The price of the smallest order, in US dollars; with `is_most`, the most it may cost."""

    from_usd: str
    currency: str = "USD"
    is_most: bool = False


class Model(BaseModel):
    """A model that can be asked for.

    `inputs` is the JSON Schema of its inputs; `key_scope` the use under which a key for it is kept,
    and `key_present` whether there is one or none is needed. Prices are multiplied by `correction`,
    which is measured where they are `estimated`. One that is not `enabled` cannot be ordered;
    `reason` says why.
    """

    id: str
    title: str
    provider: str
    kind: str
    execution: str
    enabled: bool
    reason: str
    notice: str
    price: Price
    estimated: bool
    correction: ModelCorrection | None
    inputs: dict[str, Any]
    limits: dict[str, int]
    max_references: int
    kinds: list[str]
    price_source: str
    unverified: str
    retires_on: date | None
    successor: str
    key_scope: str
    key_present: bool


class Models(BaseModel):
    """Every model that can be asked for."""

    items: list[Model]
    next_cursor: str | None = None


class ModelAccuracy(BaseModel):
    """How a model's charges compare with its quotes; `correction` multiplies new estimates."""

    model: str
    takes: int
    quoted: str
    charged: str
    mean_error: float
    charged_per_quoted: float
    estimated: bool
    correction: float
    correction_takes: int


class Accuracies(BaseModel):
    """Every model that made something, the one with the largest error first."""

    items: list[ModelAccuracy]


class QuoteRequest(BaseModel, extra="forbid"):
    """The inputs to price, as `GET /api/models` describes them."""

    inputs: Annotated[dict[str, Any], Field(examples=[{"prompt": "a red mug on oak"}])]


class Quote(BaseModel):
    """The price of one generation in US dollars and in credits, and what it is made of.

    One that is `estimated` is corrected by what is charged; no list tells it.
    """

    price: Annotated[str, Field(examples=["0.000000"])]
    currency: str = "USD"
    credits: str
    breakdown: list[dict[str, str]]
    estimated: bool


class Switch(BaseModel, extra="forbid"):
    """Whether it can be ordered, and why not."""

    enabled: bool
    reason: Annotated[str, Field(max_length=500)] = ""


class SwitchedProvider(BaseModel):
    """A provider's switch, and the jobs that go on because it was switched on."""

    name: str
    enabled: bool
    reason: str
    resumed: list[str]


def _model(cs: Callsheet, offer: Offer) -> Model:
    card, correction = offer.card, offer.correction
    corrections = {card.id: correction} if correction.in_force else {}
    return Model(
        id=card.id,
        title=card.title,
        provider=card.provider,
        kind=card.kind,
        execution=card.execution,
        enabled=offer.closed is None,
        reason=offer.closed or "",
        notice=offer.notice,
        price=Price(from_usd=str(offer.price), is_most=card.price_is_most),
        estimated=card.estimated,
        correction=next(iter(corrections_of(corrections)), None),
        inputs=dict(cs.offers.form(card.id)),
        limits=dict(card.limits),
        max_references=card.max_references,
        kinds=list(card.kinds),
        price_source=card.price_source,
        unverified=card.unverified,
        retires_on=card.retires_on,
        successor=card.successor,
        key_scope=card.kind,
        key_present=offer.has_key([card.kind]),
    )


@router.get("/api/models", summary="List models", responses=documented(401, 403, 503))
async def models(cs: Services, caller: Viewer) -> Models:
    """List every model with its form, its price and its limits."""
    offers = await cs.offers.listed(caller.workspace)
    return await asyncio.to_thread(lambda: Models(items=[_model(cs, offer) for offer in offers]))


@router.get(
    "/api/models/accuracy",
    summary="How far quotes were off",
    responses=documented(401, 403, 422, 503),
)
async def accuracy(
    cs: Services,
    _caller: Viewer,
    days: Annotated[int, Query(ge=1, le=3_650, description="How far to look back")] = 30,
) -> Accuracies:
    """Compare what each model charged with what it was quoted at, worst first."""
    found = await cs.offers.accuracy(timedelta(days=days))
    return Accuracies(items=[ModelAccuracy(**each.as_json()) for each in found])


@router.post(
    "/api/models/{model:path}/quote",
    summary="Price one generation",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def quote(model: str, body: QuoteRequest, cs: Services, _caller: Viewer) -> Quote:
    """Price one generation; nothing is ordered."""
    quoted = await cs.generations.quote(model, body.inputs)
    lines = [{"what": quoted.card.title, "price": str(quoted.listed)}]
    if quoted.correction.in_force:
        added = quoted.price - quoted.listed
        lines.append({"what": str(quoted.correction), "price": str(added)})
    credit = quoted.price.in_credits(cs.settings.credits_per_usd)
    return Quote(
        price=str(quoted.price),
        credits=credit,
        breakdown=lines,
        estimated=quoted.card.estimated,
    )


@router.patch(
    "/api/admin/models/{model:path}",
    summary="Switch a model on or off",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def switch(model: str, body: Switch, cs: Services, caller: Admin) -> Model:
    """Switch a model on or off for every server and worker at once."""
    server_only(caller, "the switch of a model")
    await cs.switches.turn(model, enabled=body.enabled, reason=body.reason)
    return _model(cs, await cs.offers.one(caller.workspace, model))


@router.patch(
    "/api/admin/providers/{name}",
    summary="Switch a provider on or off",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def switch_provider(
    name: ProviderName, body: Switch, cs: Services, caller: Admin
) -> SwitchedProvider:
    """Let orders go to a provider or not; jobs that wait for it go on when it is on again."""
    server_only(caller, "the switch of a provider")
    resumed = await cs.control.switch_provider(name, enabled=body.enabled, reason=body.reason)
    return SwitchedProvider(name=name, enabled=body.enabled, reason=body.reason, resumed=[*resumed])
