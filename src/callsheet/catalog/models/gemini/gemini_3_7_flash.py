"""Gemini 3.7 Flash on Google: the one before 3.8, for language and vision."""

from datetime import date
from functools import partial
from typing import Any, Final, Literal

from callsheet.catalog.texts import MODES, Rates, TextForm, text_payload, text_price
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard, PriceChange

# dollars for a million tokens: to begin with, and from 2027 on
RATES: Final = {"in": "0.75", "cached": "0.075", "text_out": "3.75"}
FULL_RATES: Final = {"in": "1.50", "cached": "0.15", "text_out": "7.50"}
FULL_FROM: Final = date(2027, 1, 1)


class Inputs(TextForm, frozen=True):
    """What Gemini 3.7 Flash can be asked."""

    thinking: Literal["low", "medium", "high"] = "low"


def price(inputs: Inputs, rates: Rates = RATES) -> Money:
    """Price the most that an answer can come to."""
    return text_price(inputs, rates)


def payload(inputs: Inputs, rates: Rates = RATES) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    return text_payload("gemini-3.7-flash", inputs, rates)


CARD = ModelCard(
    id="gemini/gemini-3-7-flash",
    title="Gemini 3.7 Flash",
    provider="gemini",
    kinds=(Kind.TEXT_TO_TEXT, Kind.IMAGE_TO_TEXT),
    execution=Execution.SYNC,
    inputs=Inputs,
    price=price,
    price_is_most=True,
    payload=payload,
    max_references=6,
    reference_modes=MODES,
    expected_s=8.0,
    time_limit_s=300.0,
    price_source="litellm price map 1.110.2 (cached input too), read 2026-11-30",
    changes=(
        PriceChange(
            FULL_FROM, partial(price, rates=FULL_RATES), partial(payload, rates=FULL_RATES)
        ),
    ),
)
