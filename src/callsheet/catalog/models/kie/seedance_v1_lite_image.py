"""Seedance 1 lite from a frame on KIE.ai: clips from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.01"),
    "720p": Money.usd("0.0225"),
    "1080p": Money.usd("0.05"),
}


class Inputs(WideForm, frozen=True):
    """What Seedance 1 lite from a frame can be asked for."""

    duration_s: Annotated[int, Field(ge=3, le=12, description="seconds")] = 5
    resolution: Literal["480p", "720p", "1080p"] = "720p"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "bytedance/v1-lite-image-to-video",
            "input": {
                "prompt": inputs.prompt,
                "duration": str(inputs.duration_s),
                "resolution": inputs.resolution,
                "image_url": ReferenceSlot.at(0),
            },
        },
    }


CARD = ModelCard(
    id="kie/seedance-v1-lite-image",
    title="Seedance 1 lite from a frame",
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
    price_source="KIE's tariff as recorded in October 2026, read 2026-11-30",
)
