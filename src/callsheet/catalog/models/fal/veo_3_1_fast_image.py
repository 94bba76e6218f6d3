"""Veo 3.1 fast from a frame on fal: clips from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {True: Money.usd("0.15"), False: Money.usd("0.10")}  # with audio, without
RATIOS: Final = (
    "16:9",
    "9:16",
)


class Inputs(WideForm, frozen=True):
    """What Veo 3.1 fast from a frame can be asked for; the size chooses the nearest ratio."""

    duration_s: Literal[4, 6, 8] = 8
    resolution: Literal["720p", "1080p"] = "720p"
    audio: bool = True
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price each second, dearer with sound; both resolutions cost the same."""
    return PER_SECOND[inputs.audio] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/veo3.1/fast/image-to-video",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": f"{inputs.duration_s}s",
            "resolution": inputs.resolution,
            "generate_audio": inputs.audio,
            "image_url": ReferenceSlot.at(0),
        },
    }


CARD = ModelCard(
    id="fal/veo-3-1-fast-image",
    title="Veo 3.1 fast from a frame",
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
