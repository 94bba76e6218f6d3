"""Seedance 2 on KIE.ai: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.095"),
    "720p": Money.usd("0.205"),
    "1080p": Money.usd("0.51"),
    "4k": Money.usd("1.04"),
}
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Seedance 2 can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=4, le=15, description="seconds")] = 5
    resolution: Literal["480p", "720p", "1080p", "4k"] = "720p"
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    begin = {"first_frame_url": ReferenceSlot.at(0)} if inputs.references else {}
    return {
        "api": "jobs",
        "body": {
            "model": "bytedance/seedance-2",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "duration": inputs.duration_s,
                "resolution": inputs.resolution,
                **begin,
            },
        },
    }


CARD = ModelCard(
    id="kie/seedance-2",
    title="Seedance 2",
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
    unverified="its fields could not be read; they are taken to be those of Seedance 2.5",
)
