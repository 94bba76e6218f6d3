"""Muse Image on Runway: pictures from words and references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.01")
RATIOS: Final = (
    "2352:1008",
    "2016:1152",
    "1920:1280",
    "1792:1344",
    "1600:1600",
    "1344:1792",
    "1280:1920",
    "1152:2016",
)


class Inputs(Form, frozen=True):
    """What Muse Image can be asked for; the size chooses the nearest ratio."""

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
            "model": "muse_image",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            **named,
        },
    }


CARD = ModelCard(
    id="runway/muse-image",
    title="Muse Image",
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
    price_source="the SDK runwayml 5.24.0, read 2026-11-20",
)
