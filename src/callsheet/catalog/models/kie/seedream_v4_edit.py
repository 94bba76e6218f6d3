"""Seedream 4 edit on KIE.ai: references changed as the words say."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.02")
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "4:5", "5:4", "21:9")


class Inputs(Form, frozen=True):
    """What Seedream 4 edit can be asked for; the size chooses the nearest ratio."""

    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=6)]


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    named = {"image_urls": slots} if slots else {}
    return {
        "api": "jobs",
        "body": {
            "model": "bytedance/seedream-v4-edit",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "output_format": "png",
                **named,
            },
        },
    }


CARD = ModelCard(
    id="kie/seedream-v4-edit",
    title="Seedream 4 edit",
    provider="kie",
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
    price_source="assumed",
    unverified="its price on KIE could not be read",
    retires_on=date(2026, 11, 30),  # gone from its price list
    successor="kie/seedream-5-pro-edit",
)
