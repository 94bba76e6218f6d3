"""Models: what can be asked for, what it costs, and switching one off."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from callsheet.accounts.provider_keys import ANY_USE
from callsheet.controls.store import Switches
from callsheet.ports.models import Execution, ModelCard
from callsheet.web.entry import Admin, Services, Viewer
from callsheet.web.problems import documented
from callsheet.wiring import Callsheet

Prints = Mapping[str, Mapping[str, str]]
ProviderName = Annotated[str, Field(max_length=100)]
router = APIRouter(tags=["models"])


class Price(BaseModel):
    """The price of the smallest order, in US dollars; `is_most` if what is counted is charged."""

    from_usd: str
    currency: str = "USD"
    is_most: bool = False


class Model(BaseModel):
    """One model of the catalog."""

    id: str
    title: str
    provider: str
    kind: str
    execution: str
    enabled: bool
    reason: str
    notice: str
    price: Price
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
    """The catalog."""

    items: list[Model]
    next_cursor: str | None = None


class QuoteRequest(BaseModel, extra="forbid"):
    """What would be asked for."""

    inputs: Annotated[dict[str, Any], Field(examples=[{"prompt": "a red mug on oak"}])]


class Quote(BaseModel):
    """What it would cost."""

    price: Annotated[str, Field(examples=["0.000000"])]
    currency: str = "USD"
    credits: str
    breakdown: list[dict[str, str]]


class Switch(BaseModel, extra="forbid"):
    """On or off, and why."""

    enabled: bool
    reason: Annotated[str, Field(max_length=500)] = ""


class SwitchedProvider(BaseModel):
    """How a provider stands now, and the jobs that go on because of it."""

    name: str
    enabled: bool
    reason: str
    resumed: list[str]


def _has_key(cs: Callsheet, card: ModelCard, prints: Prints) -> bool:
    hosted = cs.house.hosted.get(card.provider)
    if hosted is None or not hosted.key_setting:
        return hosted is not None or card.execution is Execution.LOCAL
    return bool({card.kind, ANY_USE} & set(prints.get(card.provider, {})))


def _model(cs: Callsheet, card: ModelCard, switches: Switches, prints: Prints) -> Model:
    today = cs.house.clock().date()
    closed = switches.closed(card, today)
    return Model(
        id=card.id,
        title=card.title,
        provider=card.provider,
        kind=card.kind,
        execution=card.execution,
        enabled=closed is None,
        reason=closed or "",
        notice=card.notice(today),
        price=Price(from_usd=str(card.price(card.smallest())), is_most=card.price_is_most),
        inputs=dict(cs.house.catalog.form(card.id)),
        limits=dict(card.limits),
        max_references=card.max_references,
        kinds=list(card.kinds),
        price_source=card.price_source,
        unverified=card.unverified,
        retires_on=card.retires_on,
        successor=card.successor,
        key_scope=card.kind,
        key_present=_has_key(cs, card, prints),
    )


@router.get("/api/models", summary="List models", responses=documented(401, 403, 503))
async def models(cs: Services, member: Viewer) -> Models:
    """List every model with its form, its price and its limits."""
    prints = await cs.provider_keys.prints(member.workspace)
    async with cs.database.read() as connection:
        switches = await cs.switches.all(connection)

    def tell() -> Models:  # the first time, it imports every card
        return Models(
            items=[_model(cs, card, switches, prints) for card in cs.house.catalog.cards()]
        )

    return await asyncio.to_thread(tell)


@router.post(
    "/api/models/{model:path}/quote",
    summary="Price one generation",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def quote(model: str, body: QuoteRequest, cs: Services, _member: Viewer) -> Quote:
    """Price one generation; nothing is ordered."""
    card, price = cs.generations.quote(model, body.inputs)
    line = {"what": card.title, "price": str(price)}
    return Quote(
        price=str(price), credits=price.in_credits(cs.settings.credits_per_usd), breakdown=[line]
    )


@router.patch(
    "/api/admin/models/{model:path}",
    summary="Switch a model on or off",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def switch(model: str, body: Switch, cs: Services, member: Admin) -> Model:
    """Switch a model on or off for every server and worker at once."""
    prints = await cs.provider_keys.prints(member.workspace)
    card = cs.house.catalog.card(model)
    async with cs.database.begin() as connection:
        await cs.switches.turn(
            connection, model, enabled=body.enabled, reason=body.reason, now=cs.house.clock()
        )
        switches = await cs.switches.all(connection)
    return _model(cs, card, switches, prints)


@router.patch(
    "/api/admin/providers/{name}",
    summary="Switch a provider on or off",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def switch_provider(
    name: ProviderName, body: Switch, cs: Services, _member: Admin
) -> SwitchedProvider:
    """Let orders go to a provider or not; jobs that wait for it go on when it is on again."""
    resumed = await cs.control.switch_provider(name, enabled=body.enabled, reason=body.reason)
    return SwitchedProvider(name=name, enabled=body.enabled, reason=body.reason, resumed=[*resumed])
