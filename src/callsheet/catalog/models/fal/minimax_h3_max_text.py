"""MiniMax H3 max from words on fal: clips from words."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import WideForm
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = {
    "480p": Money.usd("0.05"),
    "768p": Money.usd("0.08"),
    "1080p": Money.usd("0.16"),
}
MORE_TENTHS: Final = 7  # of a second, which clips are longer than asked for, and paid


class Inputs(WideForm, frozen=True):
    """What MiniMax H3 max from words can be asked for."""

    duration_s: Annotated[int, Field(ge=5, le=15, description="seconds")] = 5
    resolution: Literal["480p", "768p", "1080p"] = "768p"


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution, and what comes beyond what was asked for."""
    tenths = inputs.duration_s * 10 + MORE_TENTHS
    return Money(PER_SECOND[inputs.resolution].micros * tenths // 10)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "minimax/h3-max/text-to-video",
        "input": {
            "prompt": inputs.prompt,
            "duration": inputs.duration_s,
            "resolution": inputs.resolution.upper(),
            "prompt_expansion_mode": "balanced",
        },
    }


CARD = ModelCard(
    id="fal/minimax-h3-max-text",
    title="MiniMax H3 max from words",
    provider="fal",
    kinds=(Kind.TEXT_TO_VIDEO,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="fal's schema and prices of 2026-10-04, read 2026-11-30",
)
