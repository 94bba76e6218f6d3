"""MiniMax H3 from words on fal: clips from words."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = {
    "480p": Money.usd("0.05"),
    "768p": Money.usd("0.06"),
    "2k": Money.usd("0.13"),
    "4k": Money.usd("0.16"),
}
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What MiniMax H3 from words can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=5, le=15, description="seconds")] = 5
    resolution: Literal["480p", "768p", "2k", "4k"] = "768p"


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "minimax/h3/text-to-video",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": inputs.duration_s,
            "resolution": inputs.resolution.upper(),
        },
    }


CARD = ModelCard(
    id="fal/minimax-h3-text",
    title="MiniMax H3 from words",
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
    price_source="litellm price map 1.110.2 and fal's schema of 2026-10-04, read 2026-11-30",
)
