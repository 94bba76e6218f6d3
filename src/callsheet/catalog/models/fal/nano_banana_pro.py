"""Nano Banana pro on fal: pictures from words."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = {"1K": Money.usd("0.15"), "2K": Money.usd("0.15"), "4K": Money.usd("0.30")}
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4")


class Inputs(Form, frozen=True):
    """What Nano Banana pro can be asked for; the size chooses the nearest ratio."""

    resolution: Literal["1K", "2K", "4K"] = "1K"


def price(inputs: Inputs) -> Money:
    """Price each picture by its resolution."""
    return PER_IMAGE[inputs.resolution]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/nano-banana-pro",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "output_format": "png",
            "resolution": inputs.resolution,
        },
    }


CARD = ModelCard(
    id="fal/nano-banana-pro",
    title="Nano Banana pro",
    provider="fal",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="litellm price map, read 2026-11-20",
)
