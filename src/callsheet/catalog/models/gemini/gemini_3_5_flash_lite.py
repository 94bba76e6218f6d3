"""Gemini 3.5 Flash-Lite on Google: quick and cheap, for captions and verdicts."""

from typing import Any, Final, Literal

from callsheet.catalog.texts import MODES, TextForm, text_payload, text_price
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

RATES: Final = {"in": "0.30", "cached": "0.03", "text_out": "2.50"}  # dollars for a million tokens


class Inputs(TextForm, frozen=True):
    """What Gemini 3.5 Flash-Lite can be asked."""

    thinking: Literal["minimal", "low", "medium", "high"] = "minimal"


def price(inputs: Inputs) -> Money:
    """Price the most that an answer can come to."""
    return text_price(inputs, RATES)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    return text_payload("gemini-3.5-flash-lite", inputs, RATES)


CARD = ModelCard(
    id="gemini/gemini-3-5-flash-lite",
    title="Gemini 3.5 Flash-Lite",
    provider="gemini",
    kinds=(Kind.TEXT_TO_TEXT, Kind.IMAGE_TO_TEXT),
    execution=Execution.SYNC,
    inputs=Inputs,
    price=price,
    price_is_most=True,
    payload=payload,
    max_references=6,
    reference_modes=MODES,
    expected_s=5.0,
    time_limit_s=300.0,
    price_source="litellm price map 1.109.1 (cached input too), read 2026-11-20",
)
