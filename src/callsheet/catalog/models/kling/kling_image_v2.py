"""Kling Image 2 on Kling's own API: pictures from words, or guided by one."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.014")
PER_EDIT: Final = Money.usd("0.028")  # with a reference
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "21:9")


class Inputs(Form, frozen=True):
    """What Kling Image 2 can be asked for; the size chooses the nearest ratio."""

    prompt: Annotated[str, Field(min_length=1, max_length=2_500)]
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price a picture, and twice that where it begins with another."""
    return PER_EDIT if inputs.references else PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    begin = {"image": ReferenceSlot.at(0)} if inputs.references else {}
    body = {
        "model_name": "kling-v2",
        "prompt": inputs.prompt,
        "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
        **begin,
    }
    return {"path": "images/generations", "body": body}


CARD = ModelCard(
    id="kling/kling-image-v2",
    title="Kling Image 2",
    provider="kling",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="Kling's own list of 2026-08-12, read 2026-11-30",
)
