"""Kling 2.1 pro on KIE.ai: clips from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.05")


class Inputs(WideForm, frozen=True):
    """What Kling 2.1 pro can be asked for."""

    duration_s: Literal[5, 10] = 5
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price each second the same."""
    return PER_SECOND * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "kling/v2-1-pro",
            "input": {
                "prompt": inputs.prompt,
                "duration": str(inputs.duration_s),
                "image_url": ReferenceSlot.at(0),
            },
        },
    }


CARD = ModelCard(
    id="kie/kling-v2-1-pro",
    title="Kling 2.1 pro",
    provider="kie",
    kinds=(Kind.IMAGE_TO_VIDEO,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="KIE's tariff as recorded in September 2026, read 2026-11-30",
)
