"""Seedream 4 on Runware: pictures from words and references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.03")


class Inputs(Form, frozen=True):
    """What Seedream 4 can be asked for."""

    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    named = {"inputs": {"referenceImages": slots}} if slots else {}
    return {
        "task": {
            "taskType": "imageInference",
            "model": "bytedance:5@0",
            "positivePrompt": inputs.prompt,
            "width": inputs.width,
            "height": inputs.height,
            "outputFormat": "PNG",
            **named,
        }
    }


CARD = ModelCard(
    id="runware/seedream-4",
    title="Seedream 4",
    provider="runware",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="Runware's price at 1024x1024, as clients tell it, read 2026-11-30",
)
