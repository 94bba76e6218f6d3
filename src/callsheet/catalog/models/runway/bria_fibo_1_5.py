"""Bria FIBO 1.5 on Runway: pictures from words and references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference, Seed
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.05")
RATIOS: Final = (
    "1024:1024",
    "768:1152",
    "1152:768",
    "768:1024",
    "1024:768",
    "768:960",
    "960:768",
    "576:1024",
    "1024:576",
)


class Inputs(Form, frozen=True):
    """What Bria FIBO 1.5 can be asked for; the size chooses the nearest ratio."""

    seed: Seed = 0
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
            "model": "bria_fibo_1_5",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "seed": inputs.seed,
            **named,
        },
    }


CARD = ModelCard(
    id="runway/bria-fibo-1-5",
    title="Bria FIBO 1.5",
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
