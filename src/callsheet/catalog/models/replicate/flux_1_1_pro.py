"""FLUX 1.1 pro on Replicate: finished pictures from words."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.04")  # Replicate's list, read 2026-11-20
RATIOS: Final = ("1:1", "16:9", "3:2", "2:3", "4:5", "5:4", "9:16", "3:4", "4:3")


class Inputs(BaseModel, extra="forbid", frozen=True):
    """What FLUX 1.1 pro can be asked for; the size chooses the ratio."""

    prompt: Annotated[str, Field(min_length=1, max_length=8_000)]
    width: Annotated[int, Field(ge=256, le=4096)] = 1024
    height: Annotated[int, Field(ge=256, le=4096)] = 1024
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0


def price(_inputs: Inputs) -> Money:
    """Each image costs the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    return {
        "model": "black-forest-labs/flux-1.1-pro",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "output_format": "png",
            "seed": inputs.seed,
        },
    }


CARD = ModelCard(
    id="replicate/flux-1-1-pro",
    title="FLUX 1.1 pro",
    provider="replicate",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    price_source="a list of Replicate's prices, read 2026-11-20",
    expected_s=6.0,
    time_limit_s=600.0,
)
