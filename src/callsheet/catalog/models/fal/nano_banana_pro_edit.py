"""Nano Banana pro edit on fal: references changed as the words say."""

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
RATIOS: Final = (
    "21:9",
    "16:9",
    "3:2",
    "4:3",
    "5:4",
    "1:1",
    "4:5",
    "3:4",
    "2:3",
    "9:16",
)


class Inputs(Form, frozen=True):
    """What Nano Banana pro edit can be asked for; the size chooses the nearest ratio."""

    resolution: Literal["1K", "2K", "4K"] = "1K"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=6)]


def price(inputs: Inputs) -> Money:
    """Price each picture by its resolution."""
    return PER_IMAGE[inputs.resolution]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    return {
        "model": "fal-ai/nano-banana-pro/edit",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "output_format": "png",
            "resolution": inputs.resolution,
            "image_urls": slots,
        },
    }


CARD = ModelCard(
    id="fal/nano-banana-pro-edit",
    title="Nano Banana pro edit",
    provider="fal",
    kinds=(Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="fal's typed client 1.10.1 and litellm price map 1.110.2, read 2026-11-30",
)
