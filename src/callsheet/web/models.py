"""Models: what can be asked for, what it costs, and switching one off."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from callsheet.accounts.provider_keys import ANY_USE
from callsheet.controls.store import Switches
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.models import Execution, ModelCard
from callsheet.takes.model import UNCORRECTED, Correction
from callsheet.web.corrections import ModelCorrection, corrections_of
from callsheet.web.entry import Admin, Services, Viewer, server_only
from callsheet.web.problems import documented
from callsheet.web.routes import GuardedRoute
from callsheet.wiring import Callsheet

Prints = Mapping[str, Mapping[str, str]]
ProviderName = Annotated[str, Field(max_length=100)]
router = APIRouter(route_class=GuardedRoute, tags=["models"])


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
    """The catalog."""

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
    """Every model that made something, worst first."""

    items: list[ModelAccuracy]


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
    hosted = cs.line.providers.hosted.get(card.provider)
    if hosted is None or not hosted.key_setting:
        return hosted is not None or card.execution is Execution.LOCAL
    return bool({card.kind, ANY_USE} & set(prints.get(card.provider, {})))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of models beside their cards."""

    switches: Switches
    prints: Prints
    corrections: Mapping[str, Correction]


async def _known(cs: Callsheet, workspace: WorkspaceId, cards: Sequence[ModelCard]) -> _Known:
    prints = await cs.provider_keys.prints(workspace)
    async with cs.database.read() as connection:
        switches = await cs.switches.all(connection)
    return _Known(switches, prints, await cs.line.estimates.corrections(cards))


def _model(cs: Callsheet, card: ModelCard, known: _Known) -> Model:
    today = cs.line.books.clock().date()
    closed = known.switches.closed(card, today)
    correction = known.corrections.get(card.id, UNCORRECTED)
    return Model(
        id=card.id,
        title=card.title,
        provider=card.provider,
        kind=card.kind,
        execution=card.execution,
        enabled=closed is None,
        reason=closed or "",
        notice=card.notice(today),
        price=Price(
            from_usd=str(correction.of(card.price(card.smallest()))), is_most=card.price_is_most
        ),
        estimated=card.estimated,
        correction=next(
            iter(corrections_of({card.id: correction} if correction.takes else {})), None
        ),
        inputs=dict(cs.line.providers.catalog.form(card.id)),
        limits=dict(card.limits),
        max_references=card.max_references,
        kinds=list(card.kinds),
        price_source=card.price_source,
        unverified=card.unverified,
        retires_on=card.retires_on,
        successor=card.successor,
        key_scope=card.kind,
        key_present=_has_key(cs, card, known.prints),
    )


@router.get("/api/models", summary="List models", responses=documented(401, 403, 503))
async def models(cs: Services, member: Viewer) -> Models:
    """List every model with its form, its price and its limits."""
    cards = await asyncio.to_thread(
        cs.line.providers.catalog.cards
    )  # the first time, it imports them
    known = await _known(cs, member.workspace, cards)
    return await asyncio.to_thread(
        lambda: Models(items=[_model(cs, card, known) for card in cards])
    )


@router.get(
    "/api/models/accuracy",
    summary="How far quotes were off",
    responses=documented(401, 403, 422, 503),
)
async def accuracy(
    cs: Services,
    _member: Viewer,
    days: Annotated[int, Query(ge=1, le=3_650, description="How far to look back")] = 30,
) -> Accuracies:
    """Compare what each model charged with what it was quoted at, worst first."""
    found = await cs.line.estimates.accuracy(timedelta(days=days))
    return Accuracies(items=[ModelAccuracy(**each.told()) for each in found])


@router.post(
    "/api/models/{model:path}/quote",
    summary="Price one generation",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def quote(model: str, body: QuoteRequest, cs: Services, _member: Viewer) -> Quote:
    """Price one generation; nothing is ordered."""
    quoted = await cs.generations.quote(model, body.inputs)
    lines = [{"what": quoted.card.title, "price": str(quoted.listed)}]
    if quoted.correction.takes:
        added = quoted.price - quoted.listed
        lines.append({"what": str(quoted.correction), "price": str(added)})
    credit = quoted.price.in_credits(cs.settings.credits_per_usd)
    return Quote(price=str(quoted.price), credits=credit, breakdown=lines)


@router.patch(
    "/api/admin/models/{model:path}",
    summary="Switch a model on or off",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def switch(model: str, body: Switch, cs: Services, member: Admin) -> Model:
    """Switch a model on or off for every server and worker at once."""
    server_only(member, "the switch of a model")
    card = cs.line.providers.catalog.card(model)
    async with cs.database.begin() as connection:
        await cs.switches.turn(
            connection, model, enabled=body.enabled, reason=body.reason, now=cs.line.books.clock()
        )
    return _model(cs, card, await _known(cs, member.workspace, [card]))


@router.patch(
    "/api/admin/providers/{name}",
    summary="Switch a provider on or off",
    responses=documented(400, 401, 403, 404, 413, 422, 503),
)
async def switch_provider(
    name: ProviderName, body: Switch, cs: Services, member: Admin
) -> SwitchedProvider:
    """Let orders go to a provider or not; jobs that wait for it go on when it is on again."""
    server_only(member, "the switch of a provider")
    resumed = await cs.control.switch_provider(name, enabled=body.enabled, reason=body.reason)
    return SwitchedProvider(name=name, enabled=body.enabled, reason=body.reason, resumed=[*resumed])
