"""Gemini Omni on KIE.ai: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_CLIP: Final = {
    4: Money.usd("0.45"),
    6: Money.usd("0.60"),
    8: Money.usd("0.75"),
    10: Money.usd("0.90"),
}  # by seconds
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Gemini Omni can be asked for; the size chooses the nearest ratio."""

    duration_s: Literal[4, 6, 8, 10] = 6
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price a clip by its length."""
    return PER_CLIP[inputs.duration_s]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    begin = {"image_urls": [ReferenceSlot.at(0)]} if inputs.references else {}
    return {
        "api": "jobs",
        "body": {
            "model": "gemini-omni-video",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "duration": str(inputs.duration_s),
                **begin,
            },
        },
    }


CARD = ModelCard(
    id="kie/gemini-omni",
    title="Gemini Omni",
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
