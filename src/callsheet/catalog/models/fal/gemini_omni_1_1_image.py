"""Gemini Omni 1.1 from a frame on fal: clips from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "360p": Money.usd("0.03"),
    "720p": Money.usd("0.10"),
    "1080p": Money.usd("0.15"),
    "4k": Money.usd("0.30"),
}
RATIOS: Final = (
    "16:9",
    "9:16",
)


class Inputs(WideForm, frozen=True):
    """What Gemini Omni 1.1 from a frame can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=3, le=10, description="seconds")] = 5
    resolution: Literal["360p", "720p", "1080p", "4k"] = "720p"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "google/gemini-omni-flash/v1.1/image-to-video",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": inputs.duration_s,
            "resolution": inputs.resolution,
            "image_url": ReferenceSlot.at(0),
        },
    }


CARD = ModelCard(
    id="fal/gemini-omni-1-1-image",
    title="Gemini Omni 1.1 from a frame",
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
