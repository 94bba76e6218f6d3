"""Hailuo 02 pro from a frame on KIE.ai: clips from a first frame."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_CLIP: Final = Money.usd("0.285")  # of six seconds at 1080p: it makes no other


class Inputs(WideForm, frozen=True):
    """What Hailuo 02 pro from a frame can be asked for."""

    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(_inputs: Inputs) -> Money:
    """Price each clip the same."""
    return PER_CLIP


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "hailuo/02-image-to-video-pro",
            "input": {
                "prompt": inputs.prompt,
                "image_url": ReferenceSlot.at(0),
            },
        },
    }


CARD = ModelCard(
    id="kie/hailuo-02-image",
    title="Hailuo 02 pro from a frame",
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
