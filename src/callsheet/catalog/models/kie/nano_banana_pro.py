"""Nano Banana pro on KIE.ai: pictures from words and references."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = {"1K": Money.usd("0.09"), "2K": Money.usd("0.09"), "4K": Money.usd("0.12")}
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "4:5", "5:4", "21:9")


class Inputs(Form, frozen=True):
    """What Nano Banana pro can be asked for; the size chooses the nearest ratio."""

    resolution: Literal["1K", "2K", "4K"] = "1K"
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(inputs: Inputs) -> Money:
    """Price each picture by its resolution."""
    return PER_IMAGE[inputs.resolution]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    named = {"image_input": slots} if slots else {}
    return {
        "api": "jobs",
        "body": {
            "model": "nano-banana-pro",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "output_format": "png",
                "resolution": inputs.resolution,
                **named,
            },
        },
    }


CARD = ModelCard(
    id="kie/nano-banana-pro",
    title="Nano Banana pro",
    provider="kie",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT, Kind.COMPOSITE),
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
    price_source="KIE price page as recorded 2026-08-17",
)
