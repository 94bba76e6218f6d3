"""Background removal on Runware: a picture without its background."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.0006")


class Inputs(Form, frozen=True):
    """What Background removal can be asked for; its words are for the sheet alone."""

    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(_inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "task": {
            "taskType": "imageBackgroundRemoval",
            "model": "runware:110@1",
            "inputImage": ReferenceSlot.at(0),
            "outputFormat": "PNG",
        }
    }


CARD = ModelCard(
    id="runware/background-removal",
    title="Background removal",
    provider="runware",
    kinds=(Kind.BACKGROUND_REMOVAL,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=5.0,
    time_limit_s=600.0,
    price_source="assumed",
    unverified="its price and its model's id on Runware could not be read; they are assumed",
)
