"""Grok Imagine 1.5 lite from a frame on fal: clips from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.02"),
    "720p": Money.usd("0.03"),
    "1080p": Money.usd("0.14"),
}
FIRST_FRAME: Final = Money.usd("0.01")


class Inputs(WideForm, frozen=True):
    """What Grok Imagine 1.5 lite from a frame can be asked for."""

    duration_s: Annotated[int, Field(ge=1, le=15, description="seconds")] = 5
    resolution: Literal["480p", "720p", "1080p"] = "720p"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution, and the first frame."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s + FIRST_FRAME


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "xai/grok-imagine-video/v1.5/lite/image-to-video",
        "input": {
            "prompt": inputs.prompt,
            "duration": inputs.duration_s,
            "resolution": inputs.resolution,
            "image_url": ReferenceSlot.at(0),
        },
    }


CARD = ModelCard(
    id="fal/grok-imagine-1-5-lite-image",
    title="Grok Imagine 1.5 lite from a frame",
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
