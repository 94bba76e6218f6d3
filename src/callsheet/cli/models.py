"""`callsheet models …`: what can be asked for, what it costs, and switching one on or off."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import typer

from callsheet.catalog.asking import shapes, typed
from callsheet.cli.output import out_json, out_table
from callsheet.cli.session import run_command
from callsheet.cli.setting import read_sets
from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.line.estimates import Accuracy
from callsheet.line.offers import Offer
from callsheet.line.price_checks import PriceCheck
from callsheet.line.single import Quoted
from callsheet.ports.models import Kind
from callsheet.takes.model import Correction
from callsheet.views.prices import price_table
from callsheet.wiring import Callsheet

app = typer.Typer(help="Models: list, show, price, switch on and off.", invoke_without_command=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Model = Annotated[str, typer.Argument(help="The model's id, e.g. replicate/flux-schnell.")]


@app.callback()
def models(
    context: typer.Context,
    provider: Annotated[str, typer.Option(help="Only this provider's.")] = "",
    kind: Annotated[Kind | None, typer.Option(help="Only what can do this.")] = None,
    enabled: Annotated[
        bool | None, typer.Option("--on/--off", help="Only what is on, or off.")
    ] = None,
    with_key: Annotated[bool, typer.Option(help="Only what there is a key for.")] = False,
    json: AsJson = False,
) -> None:
    """List the models that can be asked for, with the price of the smallest order."""
    if context.invoked_subcommand is not None:
        return

    async def work(cs: Callsheet) -> list[dict[str, Any]]:
        offers = await cs.offers.listed(LOCAL_WORKSPACE, provider=provider, kind=kind)
        return [
            _line(offer)
            for offer in offers
            if (not with_key or offer.has_key(offer.card.kinds))
            and (enabled is None or enabled is (offer.closed is None))
        ]

    found = run_command(work)
    if json:
        out_json(found)
        return
    columns = ["model", "title", "kinds", "execution", "$ from", "state"]
    out_table("", columns, [list(line.values())[: len(columns)] for line in found])


def _line(offer: Offer) -> dict[str, Any]:
    card = offer.card
    return {
        "id": card.id,
        "title": card.title,
        "kind": ", ".join(card.kinds),
        "execution": str(card.execution),
        "price_from": str(offer.price),
        "state": f"off: {offer.closed}" if offer.closed else _state(offer),
        "estimated": card.estimated,
    }


def _state(offer: Offer) -> str:
    """Say of a model that is on what whoever orders should know."""
    overridden = offer.correction.in_force and not offer.correction.takes
    told = (
        offer.notice,
        "its price is an estimate" if offer.card.estimated and not overridden else "",
        "its price is its provider's list's" if overridden else "",
    )
    return "; ".join(filter(None, told)) or "on"


@app.command()
def show(model: Model, json: AsJson = False) -> None:
    """Show a model: its form with ranges and defaults, its limits, and what changes its price."""

    async def work(cs: Callsheet) -> dict[str, Any]:
        offer = await cs.offers.one(LOCAL_WORKSPACE, model)
        card, correction = offer.card, offer.correction
        form = dict(cs.offers.form(model))
        return {
            **_line(offer),
            "provider": card.provider,
            "key_scopes": list(card.kinds),
            "max_references": card.max_references,
            "reference_modes": sorted(card.reference_modes),
            "charged": "what is counted, at most the price" if card.price_is_most else "",
            "shapes": list(shapes(card)),
            "price_source": card.price_source,
            "estimate": _estimate(correction) if card.estimated else "",
            "expected_s": card.expected_s,
            "time_limit_s": card.time_limit_s,
            "retires_on": str(card.retires_on or ""),
            "successor": card.successor,
            "inputs": form,
            "prices": [
                {"input": row.field, "value": row.value, "price": str(correction.of(row.price))}
                for row in price_table(card, form)
            ],
        }

    found = run_command(work)
    if json:
        out_json(found)
        return
    apart = ("inputs", "prices")
    facts = [
        [name, ", ".join(value) if isinstance(value, list) else str(value)]
        for name, value in found.items()
        if name not in apart and value not in ("", [])
    ]
    out_table("", ["model", found["id"]], facts[1:])
    inputs = found["inputs"]
    required = inputs.get("required", [])
    rows = [
        [name, _type(field), _range(field), "required" if name in required else _default(field)]
        for name, field in inputs["properties"].items()
    ]
    out_table("Inputs", ["input", "type", "allowed", "default"], rows)
    prices = [
        [row["input"] or "smallest order", row["value"], row["price"]] for row in found["prices"]
    ]
    out_table("Price", ["with", "set to", "$"], prices)


def _estimate(correction: Correction) -> str:
    return str(correction) if correction.in_force else "not corrected yet"


def _type(field: Mapping[str, Any]) -> str:
    kind = str(field.get("type", "choice" if "enum" in field else "-"))
    return f"{kind} ({field['description']})" if field.get("description") else kind


def _range(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    low = field.get("minimum", field.get("minLength", field.get("minItems")))
    high = field.get("maximum", field.get("maxLength", field.get("maxItems")))
    if low is None and high is None:
        return ""
    step = f", by {field['multipleOf']}" if "multipleOf" in field else ""
    return f"{'' if low is None else low} to {'' if high is None else high}{step}".strip()


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default", "")
    return "" if default == [] else str(default)


@app.command()
def price(
    model: Model,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="An input as name=value; may be repeated.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Price one order, with inputs set as they would be."""
    inputs = {"prompt": "x", **read_sets(sets)}

    async def work(cs: Callsheet) -> Quoted:
        card = cs.offers.card(model)
        asked = {name: typed(card, name, value) for name, value in inputs.items()}
        return await cs.generations.quote(model, asked)

    quoted = run_command(work)
    correction = quoted.correction
    if json:
        prices: dict[str, Any] = {"model": quoted.card.id, "listed": str(quoted.listed)}
        prices["price"] = str(quoted.price)
        prices["estimated"] = quoted.card.estimated
        out_json({**prices, "correction": correction.factor, "takes": correction.takes})
        return
    corrected = f" (${quoted.listed}, {correction})" if correction.in_force else ""
    estimate = ", an estimate" if quoted.card.estimated else ""
    typer.echo(f"{quoted.card.id}: ${quoted.price}{corrected}{estimate}")


@app.command()
def on(model: Model) -> None:
    """Let a model be ordered; for one whose card is unverified this vouches for it."""
    still = _switch(model, enabled=True, reason="")
    typer.echo(f"{model} is on" if still is None else f"{model} stays off: {still}")


@app.command()
def off(
    model: Model, reason: Annotated[str, typer.Option(help="Why; shown to whoever asks.")] = ""
) -> None:
    """Let a model not be ordered any more."""
    _switch(model, enabled=False, reason=reason)
    typer.echo(f"{model} is off; switch it on with: callsheet models on {model}")


def _switch(model: str, *, enabled: bool, reason: str) -> str | None:
    """Switch a model; why it cannot be ordered then, if it cannot."""

    async def work(cs: Callsheet) -> str | None:
        return await cs.switches.turn(model, enabled=enabled, reason=reason)

    return run_command(work)


@app.command()
def accuracy(
    days: Annotated[int, typer.Option(min=1, max=3_650, help="How far to look back.")] = 30,
    json: AsJson = False,
) -> None:
    """Compare what models charged with what they were quoted at, corrected as estimates were."""

    async def work(cs: Callsheet) -> list[Accuracy]:
        return await cs.offers.accuracy(timedelta(days=days))

    found = run_command(work)
    if json:
        out_json([each.as_json() for each in found])
        return
    columns = [
        "model",
        "#takes",
        "$ quoted",
        "$ charged",
        "#mean error",
        "#charged/quoted",
        "price",
    ]
    cells = [
        [
            each.found.model,
            str(each.found.takes),
            str(each.found.quoted),
            str(each.found.charged),
            f"{each.found.error:.1%}",
            f"{each.ratio:.3f}",
            _estimate(each.correction) if each.estimated else "listed",
        ]
        for each in found
    ]
    out_table("", columns, cells)


@app.command("check-prices")
def check_prices(
    provider: Annotated[str, typer.Argument(help="Only this provider's.")] = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Quote what differs by the provider's list.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Compare prices with what providers tell without an order; exits with 1 if some differ."""

    async def work(cs: Callsheet) -> tuple[list[PriceCheck], set[str]]:
        known = cs.price_checks.providers()
        if provider and provider not in known:
            said = f"{provider} tells no prices without an order; {', '.join(known)} does"
            raise InvalidInputError(said, [FieldError("provider", said, provider)])
        found = []
        for name in [provider] if provider else known:
            found += await cs.price_checks.check(LOCAL_WORKSPACE, name)
        applied = await cs.price_checks.apply(found) if apply else []
        return found, {each.model for each in applied}

    found, applied = run_command(work)
    if json:
        out_json([{**each.as_json(), "applied": each.model.id in applied} for each in found])
    else:
        rows = [
            [
                each.model.id,
                each.told.unit,
                "" if each.nearest is None else str(each.nearest),
                str(each.told.price),
                each.result,
            ]
            for each in found
        ]
        out_table("", ["model", "unit", "$ here", "$ there", "result"], rows)
    if applied and not json:
        typer.echo(f"{len(applied)} quoted by their provider's list: callsheet models overrides")
    if any(each.differs and each.model.id not in applied for each in found):
        raise typer.Exit(1)


@app.command()
def overrides(json: AsJson = False) -> None:
    """List the models that are quoted by their provider's own list in place of their card."""

    async def work(cs: Callsheet) -> list[dict[str, Any]]:
        return [
            {
                "model": each.model,
                "unit": each.unit,
                "card": str(each.card),
                "told": str(each.told),
                "factor": each.factor,
                "read_at": each.read_at.isoformat(timespec="seconds"),
                "in_force": each.holds(cs.offers.card(each.model)),
            }
            for each in await cs.price_checks.overrides()
        ]

    found = run_command(work)
    if json:
        out_json(found)
        return
    rows = [[str(value) for value in each.values()] for each in found]
    columns = ["model", "unit", "$ card", "$ told", "#factor", "read at", "in force"]
    out_table("", columns, rows)


@app.command("revert-price")
def revert_price(model: Model) -> None:
    """Quote a model by its card again."""

    async def work(cs: Callsheet) -> bool:
        return await cs.price_checks.revert(model)

    was = run_command(work)
    typer.echo(f"{model} is quoted by its card{'' if was else ', as it was before'}")
