"""Recraft V3 on Replicate: pictures for designers, from words."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.04")
SIZES: Final = {
    "1:1": "1024x1024",
    "4:3": "1365x1024",
    "3:4": "1024x1365",
    "3:2": "1536x1024",
    "2:3": "1024x1536",
    "16:9": "1820x1024",
    "9:16": "1024x1820",
    "2:1": "2048x1024",
    "1:2": "1024x2048",
    "5:4": "1280x1024",
    "4:5": "1024x1280",
}


class Inputs(Form, frozen=True):
    """What Recraft V3 can be asked for; the size chooses the nearest that it makes."""

    style: Literal["any", "realistic_image", "digital_illustration"] = "any"


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    ratio = nearest_ratio(inputs.width, inputs.height, list(SIZES))
    return {
        "model": "recraft-ai/recraft-v3",
        "input": {"prompt": inputs.prompt, "size": SIZES[ratio], "style": inputs.style},
    }


CARD = ModelCard(
    id="replicate/recraft-v3",
    title="Recraft V3",
    provider="replicate",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=10.0,
    time_limit_s=600.0,
    price_source="a list of Replicate's prices, read 2026-11-20",
)
