"""Kling 3 pro from a frame on fal: clips from a first frame."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {True: Money.usd("0.168"), False: Money.usd("0.112")}  # with audio, without


class Inputs(WideForm, frozen=True):
    """What Kling 3 pro from a frame can be asked for."""

    duration_s: Annotated[int, Field(ge=3, le=15, description="seconds")] = 5
    audio: bool = True
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price each second, dearer with sound."""
    return PER_SECOND[inputs.audio] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/kling-video/v3/pro/image-to-video",
        "input": {
            "prompt": inputs.prompt,
            "duration": str(inputs.duration_s),
            "generate_audio": inputs.audio,
            "start_image_url": ReferenceSlot.at(0),
        },
    }


CARD = ModelCard(
    id="fal/kling-v3-pro-image",
    title="Kling 3 pro from a frame",
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
