"""Nano Banana Pro on Replicate: pictures from words and up to six references, with lettering."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = {
    "1K": Money.usd("0.15"),
    "2K": Money.usd("0.15"),
    "4K": Money.usd("0.30"),
}
RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")


class Inputs(Form, frozen=True):
    """What Nano Banana Pro can be asked for; the size chooses the ratio."""

    resolution: Literal["1K", "2K", "4K"] = "1K"
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(inputs: Inputs) -> Money:
    """Price each picture by its resolution."""
    return PER_IMAGE[inputs.resolution]


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    places = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    return {
        "model": "google/nano-banana-pro",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "resolution": inputs.resolution,
            "output_format": "png",
            **({"image_input": places} if places else {}),
        },
    }


CARD = ModelCard(
    id="replicate/nano-banana-pro",
    title="Nano Banana Pro",
    provider="replicate",
    kinds=(
        Kind.TEXT_TO_IMAGE,
        Kind.IMAGE_EDIT,
        Kind.COMPOSITE,
    ),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=30.0,
    time_limit_s=600.0,
    price_source="public code of 2026 that orders from Replicate, read 2026-11-30",
)
