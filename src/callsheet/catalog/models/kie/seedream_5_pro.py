"""Seedream 5 pro on KIE.ai: pictures from words."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = {
    "basic": Money.usd("0.035"),
    "high": Money.usd("0.07"),
}
RATIOS: Final = (
    "1:1",
    "16:9",
    "9:16",
    "4:3",
    "3:4",
    "3:2",
    "2:3",
)


class Inputs(Form, frozen=True):
    """What Seedream 5 pro can be asked for; the size chooses the nearest ratio."""

    quality: Literal["basic", "high"] = "basic"


def price(inputs: Inputs) -> Money:
    """Price each picture by its quality."""
    return PER_IMAGE[inputs.quality]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "seedream/5-pro-text-to-image",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "quality": inputs.quality,
                "output_format": "png",
            },
        },
    }


CARD = ModelCard(
    id="kie/seedream-5-pro",
    title="Seedream 5 pro",
    provider="kie",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="KIE's tariff as recorded in October 2026, read 2026-11-30",
)
