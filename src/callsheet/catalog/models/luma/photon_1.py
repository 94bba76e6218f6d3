"""Photon 1 on Luma: pictures from words, or guided by pictures."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.016")
RATIOS: Final = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21")


class Inputs(Form, frozen=True):
    """What Photon 1 can be asked for; the size chooses the nearest ratio."""

    references: Annotated[tuple[Reference, ...], Field(max_length=4)] = ()


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [{"url": ReferenceSlot.at(place)} for place in range(len(inputs.references))]
    named = {"image_ref": slots} if slots else {}
    return {
        "path": "image",
        "body": {
            "model": "photon-1",
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            **named,
        },
    }


CARD = ModelCard(
    id="luma/photon-1",
    title="Photon 1",
    provider="luma",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=4,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="assumed",
    unverified="Luma's prices could not be read",
)
