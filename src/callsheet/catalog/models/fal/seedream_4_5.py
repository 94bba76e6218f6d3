"""Seedream 4.5 on fal: pictures from words."""

from typing import Any, Final

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_preset
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.04")


class Inputs(Form, frozen=True):
    """What Seedream 4.5 can be asked for; the size chooses the nearest preset."""


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/bytedance/seedream/v4.5/text-to-image",
        "input": {
            "prompt": inputs.prompt,
            "image_size": nearest_preset(inputs.width, inputs.height),
        },
    }


CARD = ModelCard(
    id="fal/seedream-4-5",
    title="Seedream 4.5",
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
    price_source="fal's pricing endpoint of 2026-10-26, read 2026-11-30",
)
