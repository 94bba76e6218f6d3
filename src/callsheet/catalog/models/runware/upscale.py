"""Upscale on Runware: a picture at twice its sides."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.002")


class Inputs(Form, frozen=True):
    """What Upscale can be asked for; its words are for the sheet alone."""

    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(_inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "task": {
            "taskType": "imageUpscale",
            "model": "runware:501@1",
            "inputImage": ReferenceSlot.at(0),
            "upscaleFactor": 2,
            "outputFormat": "PNG",
        }
    }


CARD = ModelCard(
    id="runware/upscale",
    title="Upscale",
    provider="runware",
    kinds=(Kind.UPSCALE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=5.0,
    time_limit_s=600.0,
    price_source="assumed",
    unverified="its price, id and fields on Runware could not be read; they are assumed",
)
