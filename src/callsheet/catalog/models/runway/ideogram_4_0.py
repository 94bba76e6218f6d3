"""Ideogram 4.0 on Runway: pictures from words and references."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.05")
RATIOS: Final = (
    "2048:2048",
    "2560:1440",
    "1440:2560",
    "2304:1728",
    "1728:2304",
    "2496:1664",
    "1664:2496",
    "3072:1280",
    "1280:3072",
)


class Inputs(Form, frozen=True):
    """What Ideogram 4.0 can be asked for; the size chooses the nearest ratio."""

    quality: Literal["low", "medium", "high"] = "medium"
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


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
            "model": "ideogram_4_0",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "quality": inputs.quality,
            **named,
        },
    }


CARD = ModelCard(
    id="runway/ideogram-4-0",
    title="Ideogram 4.0",
    provider="runway",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=20.0,
    time_limit_s=600.0,
    price_source="assumed",
    unverified="Runway tells its price only when an order is accepted; this one is assumed",
)
