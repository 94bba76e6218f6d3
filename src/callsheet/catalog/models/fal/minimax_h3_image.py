"""MiniMax H3 from a frame on fal: clips from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.05"),
    "768p": Money.usd("0.06"),
    "2k": Money.usd("0.13"),
    "4k": Money.usd("0.16"),
}


class Inputs(WideForm, frozen=True):
    """What MiniMax H3 from a frame can be asked for."""

    duration_s: Annotated[int, Field(ge=5, le=15, description="seconds")] = 5
    resolution: Literal["480p", "768p", "2k", "4k"] = "768p"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "minimax/h3/image-to-video",
        "input": {
            "prompt": inputs.prompt,
            "duration": inputs.duration_s,
            "resolution": inputs.resolution.upper(),
            "image_url": ReferenceSlot.at(0),
        },
    }


CARD = ModelCard(
    id="fal/minimax-h3-image",
    title="MiniMax H3 from a frame",
    provider="fal",
    kinds=(Kind.IMAGE_TO_VIDEO,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="fal's schema and prices of 2026-10-04, read 2026-11-30",
)
