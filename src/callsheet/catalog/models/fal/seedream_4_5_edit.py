"""Seedream 4.5 edit on fal: references changed as the words say."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_preset
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.04")


class Inputs(Form, frozen=True):
    """What Seedream 4.5 edit can be asked for; the size chooses the nearest preset."""

    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=6)]


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    return {
        "model": "fal-ai/bytedance/seedream/v4.5/edit",
        "input": {
            "prompt": inputs.prompt,
            "image_size": nearest_preset(inputs.width, inputs.height),
            "image_urls": slots,
        },
    }


CARD = ModelCard(
    id="fal/seedream-4-5-edit",
    title="Seedream 4.5 edit",
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
    price_source="fal's pricing endpoint of 2026-10-26, read 2026-11-30",
)
