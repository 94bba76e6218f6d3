"""Seedream 4 on KIE.ai: pictures from words."""

from datetime import date
from typing import Any, Final

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.02")
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "4:5", "5:4", "21:9")


class Inputs(Form, frozen=True):
    """What Seedream 4 can be asked for; the size chooses the nearest ratio."""


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "bytedance/seedream-v4-text-to-image",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "output_format": "png",
            },
        },
    }


CARD = ModelCard(
    id="kie/seedream-v4",
    title="Seedream 4",
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
    price_source="assumed",
    unverified="its price on KIE could not be read",
    retires_on=date(2026, 11, 30),  # gone from its price list
    successor="kie/seedream-5-pro",
)
