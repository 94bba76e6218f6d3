"""GPT Image 2 on Runway: pictures from words and references."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = {
    "low": Money.usd("0.01"),
    "medium": Money.usd("0.05"),
    "high": Money.usd("0.20"),
}
RATIOS: Final = (
    "2048:880",
    "1920:1088",
    "1920:1280",
    "1920:1440",
    "1920:1536",
    "1920:1920",
    "1536:1920",
    "1440:1920",
    "1280:1920",
    "1088:1920",
)


class Inputs(Form, frozen=True):
    """What GPT Image 2 can be asked for; the size chooses the nearest ratio."""

    quality: Literal["low", "medium", "high"] = "medium"
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(inputs: Inputs) -> Money:
    """Price a picture by its quality."""
    return PER_IMAGE[inputs.quality]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    slots = [{"uri": ReferenceSlot.at(place)} for place in range(len(inputs.references))]
    named = {"referenceImages": slots} if slots else {}
    return {
        "path": "text_to_image",
        "body": {
            "model": "gpt_image_2",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "quality": inputs.quality,
            **named,
        },
    }


CARD = ModelCard(
    id="runway/gpt-image-2",
    title="GPT Image 2",
    provider="runway",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=20.0,
    time_limit_s=600.0,
    price_source="Runway's image table of August 2026, read 2026-11-30",
)
