"""GPT Image 2 on KIE.ai: pictures from words."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = {
    "1K": Money.usd("0.03"),
    "2K": Money.usd("0.05"),
    "4K": Money.usd("0.08"),
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
    """What GPT Image 2 can be asked for; the size chooses the nearest ratio."""

    resolution: Literal["1K", "2K", "4K"] = "1K"


def price(inputs: Inputs) -> Money:
    """Price each picture by its resolution."""
    return PER_IMAGE[inputs.resolution]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "gpt-image-2-text-to-image",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "resolution": inputs.resolution,
            },
        },
    }


CARD = ModelCard(
    id="kie/gpt-image-2",
    title="GPT Image 2",
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
