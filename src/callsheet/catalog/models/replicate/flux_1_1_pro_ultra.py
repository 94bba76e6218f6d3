"""FLUX 1.1 pro ultra on Replicate: pictures of four million pixels from words."""

from collections.abc import Mapping
from typing import Any, Final

from callsheet.catalog.forms import Form, Seed
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.06")
RATIOS: Final = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")


class Inputs(Form, frozen=True):
    """What FLUX 1.1 pro ultra can be asked for; the size chooses the ratio.

    `raw` asks for a picture that is less worked over.
    """

    raw: bool = False
    seed: Seed = 0


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    return {
        "model": "black-forest-labs/flux-1.1-pro-ultra",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "raw": inputs.raw,
            "output_format": "png",
            "seed": inputs.seed,
        },
    }


CARD = ModelCard(
    id="replicate/flux-1-1-pro-ultra",
    title="FLUX 1.1 pro ultra",
    provider="replicate",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=12.0,
    time_limit_s=600.0,
    price_source="a list of Replicate's prices, read 2026-11-20",
)
