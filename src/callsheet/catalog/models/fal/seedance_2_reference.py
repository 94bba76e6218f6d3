"""Seedance 2.0 from references on fal: clips with what references show."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.1346"),
    "720p": Money.usd("0.3034"),
    "1080p": Money.usd("0.682"),
    "4k": Money.usd("1.5552"),
}
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Seedance 2.0 from references can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=4, le=15, description="seconds")] = 5
    resolution: Literal["480p", "720p", "1080p", "4k"] = "720p"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=6)]


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    return {
        "model": "bytedance/seedance-2.0/reference-to-video",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": str(inputs.duration_s),
            "resolution": inputs.resolution,
            "image_urls": slots,
        },
    }


CARD = ModelCard(
    id="fal/seedance-2-reference",
    title="Seedance 2.0 from references",
    provider="fal",
    kinds=(Kind.IMAGE_TO_VIDEO,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="litellm price map, read 2026-11-20",
)
