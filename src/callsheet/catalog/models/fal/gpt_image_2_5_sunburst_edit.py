"""GPT Image 2.5 sunburst edit on fal: references changed as the words say."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_preset
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.03612")


class Inputs(Form, frozen=True):
    """What GPT Image 2.5 sunburst edit can be asked for; the size chooses the nearest preset."""

    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=6)]


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    return {
        "model": "openai/gpt-image-2.5/sunburst/edit",
        "input": {
            "prompt": inputs.prompt,
            "image_size": nearest_preset(inputs.width, inputs.height),
            "output_format": "png",
            "quality": "high",
            "image_urls": slots,
        },
    }


CARD = ModelCard(
    id="fal/gpt-image-2-5-sunburst-edit",
    title="GPT Image 2.5 sunburst edit",
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
    price_source="litellm price map, read 2026-11-20",
    unverified="its price varies by quality and size; only one was read",
)
