"""Wan 2.5 from a frame on KIE.ai: clips from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {"720p": Money.usd("0.06"), "1080p": Money.usd("0.10")}


class Inputs(WideForm, frozen=True):
    """What Wan 2.5 from a frame can be asked for."""

    duration_s: Literal[5, 10] = 5
    resolution: Literal["720p", "1080p"] = "720p"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "wan/2-5-image-to-video",
            "input": {
                "prompt": inputs.prompt,
                "duration": str(inputs.duration_s),
                "resolution": inputs.resolution,
                "image_url": ReferenceSlot.at(0),
            },
        },
    }


CARD = ModelCard(
    id="kie/wan-2-5-image",
    title="Wan 2.5 from a frame",
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
    price_source="KIE's price list as recorded in August 2026, read 2026-11-30",
)
