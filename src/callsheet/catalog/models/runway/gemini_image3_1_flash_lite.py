"""Gemini 3.1 flash lite image on Runway: pictures from words and references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.05")
RATIOS: Final = (
    "1024:1024",
    "848:1264",
    "1264:848",
    "896:1200",
    "1200:896",
    "928:1152",
    "1152:928",
    "768:1376",
    "1376:768",
    "1584:672",
)


class Inputs(Form, frozen=True):
    """What Gemini 3.1 flash lite image can be asked for; the size chooses the nearest ratio."""

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
            "model": "gemini_image3.1_flash_lite",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            **named,
        },
    }


CARD = ModelCard(
    id="runway/gemini-image3-1-flash-lite",
    title="Gemini 3.1 flash lite image",
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
    price_source="assumed",
    unverified="Runway tells its price only when an order is accepted; this one is assumed",
)
