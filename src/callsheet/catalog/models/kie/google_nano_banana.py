"""Nano Banana on KIE.ai: pictures from words."""

from typing import Any, Final

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.02")
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "4:5", "5:4", "21:9")


class Inputs(Form, frozen=True):
    """What Nano Banana can be asked for; the size chooses the nearest ratio."""


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "google/nano-banana",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "output_format": "png",
            },
        },
    }


CARD = ModelCard(
    id="kie/google-nano-banana",
    title="Nano Banana",
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
    price_source="KIE's tariff as recorded in September 2026, read 2026-11-30",
)
