"""Gemini 3.1 flash image on Runway: pictures from words and references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.07")  # at 1K, as all of these
RATIOS: Final = (
    "1024:1024",
    "832:1248",
    "1248:832",
    "896:1152",
    "1152:896",
    "768:1344",
    "1344:768",
    "1536:672",
    "512:2048",
    "2048:512",
    "352:2816",
    "2816:352",
    "1856:2304",
    "2304:1856",
    "3168:1344",
)


class Inputs(Form, frozen=True):
    """What Gemini 3.1 flash image can be asked for; the size chooses the nearest ratio."""

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
            "model": "gemini_image3.1_flash",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            **named,
        },
    }


CARD = ModelCard(
    id="runway/gemini-image3-1-flash",
    title="Gemini 3.1 flash image",
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
    price_source="what Runway billed for 1K on 2026-10-06, read 2026-11-30",
)
