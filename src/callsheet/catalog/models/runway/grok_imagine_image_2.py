"""Grok Imagine Image 2 on Runway: pictures from words and references."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.06")  # at 1K; the least for either quality
PER_REFERENCE: Final = Money.usd("0.01")
RATIOS: Final = (
    "1024:1024",
    "1280:720",
    "720:1280",
    "1152:864",
    "864:1152",
    "1248:832",
    "832:1248",
    "1280:576",
    "576:1280",
    "1408:704",
    "704:1408",
)


class Inputs(Form, frozen=True):
    """What Grok Imagine Image 2 can be asked for; the size chooses the nearest ratio."""

    quality: Literal["low", "medium"] = "medium"
    references: Annotated[tuple[Reference, ...], Field(max_length=3)] = ()


def price(inputs: Inputs) -> Money:
    """Price the picture, and each reference."""
    return PER_IMAGE + PER_REFERENCE * len(inputs.references)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    slots = [{"uri": ReferenceSlot.at(place)} for place in range(len(inputs.references))]
    named = {"referenceImages": slots} if slots else {}
    return {
        "path": "text_to_image",
        "body": {
            "model": "grok_imagine_image_2",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "quality": inputs.quality,
            **named,
        },
    }


CARD = ModelCard(
    id="runway/grok-imagine-image-2",
    title="Grok Imagine Image 2",
    provider="runway",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=3,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=20.0,
    time_limit_s=600.0,
    price_source="Runway's image table of August 2026, read 2026-11-30",
)
