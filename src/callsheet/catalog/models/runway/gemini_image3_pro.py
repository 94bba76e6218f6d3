"""Gemini 3 pro image on Runway: pictures from words and references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.20")
RATIOS: Final = (
    "1344:768",
    "768:1344",
    "1024:1024",
    "1152:896",
    "896:1152",
    "1536:672",
    "832:1248",
    "1248:832",
    "1856:2304",
    "2304:1856",
    "3168:1344",
)


class Inputs(Form, frozen=True):
    """What Gemini 3 pro image can be asked for; the size chooses the nearest ratio."""

    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    slots = [{"uri": ReferenceSlot.at(place)} for place in range(len(inputs.references))]
    named = {"referenceImages": slots} if slots else {}
    return {
        "path": "text_to_image",
        "body": {
            "model": "gemini_image3_pro",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            **named,
        },
    }


CARD = ModelCard(
    id="runway/gemini-image3-pro",
    title="Gemini 3 pro image",
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
