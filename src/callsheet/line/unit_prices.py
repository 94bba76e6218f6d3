"""What a card asks for a provider's unit: a picture, a second, a thousand characters.

A list tells one price for a model, that of its plainest order as a rule; a card may price by
resolution or sound, and for each reference. So each price of a unit that a card knows counts.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.money import Money
from callsheet.ports.models import SAMPLE, ModelCard
from callsheet.views.prices import price_table

_IMAGES: Final = frozenset({"image", "images", "megapixel", "megapixels", "processed megapixels"})
_SECONDS: Final = frozenset({"second", "seconds"})
_CHARACTERS: Final = frozenset({"1000 characters", "1k characters"})
_THOUSAND: Final = 1_000
_TIMES: Final = ("minimum", "maximum", "default")


def unit_prices(card: ModelCard, form: Mapping[str, Any], unit: str) -> list[Money]:
    """List what a card asks for a unit, its usual price first; none where it prices otherwise.

    `form` is the JSON Schema of the card's inputs.
    """
    options = [dict(row.inputs) for row in price_table(card, form) if row.field != "duration_s"]
    worded = unit.lower()
    found: Iterator[Money] = iter(())
    if worded in _IMAGES and card.kind.makes == "image":
        found = (price for each in options for price in _pictures(card, each))
    elif worded in _SECONDS and "duration_s" in form.get("properties", {}):
        durations = _durations(form["properties"]["duration_s"])
        found = (price for each in options for price in _seconds(card, each, durations))
    elif worded in _CHARACTERS and card.kind.makes == "audio":
        text = {"prompt": "x" * _THOUSAND}
        found = (price for each in options for price in _asked(card, {**each, **text}))
    return list(dict.fromkeys(found))


def _pictures(card: ModelCard, option: Mapping[str, Any]) -> Iterator[Money]:
    """Tell what a picture costs, and what it would without the references that it insists on."""
    yield from _asked(card, option)
    least = card.min_references
    if not least:
        return
    mode = min(card.reference_modes)
    sample = {"sha256": SAMPLE, "working": SAMPLE, "mode": mode}
    one, more = (
        next(_asked(card, {**option, "references": [sample] * count}), None)
        for count in (least, least + 1)
    )
    if one is not None and more is not None and more > one:
        yield Money(one.micros - (more.micros - one.micros) * least)


def _seconds(card: ModelCard, option: Mapping[str, Any], durations: list[int]) -> Iterator[Money]:
    """Tell what one more second costs, and what a second costs in all."""
    asked = {each: next(_asked(card, {**option, "duration_s": each}), None) for each in durations}
    known = {each: price.micros for each, price in asked.items() if price is not None}
    if len(known) > 1:
        (short, cheap), *_, (long, dear) = sorted(known.items())
        yield Money(round((dear - cheap) / (long - short)))
    for each, price in known.items():
        yield Money(round(price / each))


def _durations(field: Mapping[str, Any]) -> list[int]:
    told = field.get("enum") or [field[name] for name in _TIMES if name in field]
    return sorted({int(each) for each in told if isinstance(each, int | float) and each > 0})


def _asked(card: ModelCard, inputs: Mapping[str, Any]) -> Iterator[Money]:
    """Price an order; nothing where its inputs do not go together."""
    try:
        whole = {**card.smallest().model_dump(mode="json"), **inputs}
        yield card.price(card.inputs.model_validate(whole))
    except (ValidationError, InvalidInputError):
        return
