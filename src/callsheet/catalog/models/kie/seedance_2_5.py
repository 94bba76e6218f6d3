"""Seedance 2.5 on KIE.ai: clips from words, or from a first frame."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.315")  # at 720p, without a clip to begin with
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Seedance 2.5 can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=4, le=15, description="seconds")] = 5
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second the same."""
    return PER_SECOND * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    begin = {"first_frame_url": ReferenceSlot.at(0)} if inputs.references else {}
    return {
        "api": "jobs",
        "body": {
            "model": "bytedance/seedance-2-5",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "duration": inputs.duration_s,
                "resolution": "720p",
                **begin,
            },
        },
    }


CARD = ModelCard(
    id="kie/seedance-2-5",
    title="Seedance 2.5",
    provider="kie",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
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
