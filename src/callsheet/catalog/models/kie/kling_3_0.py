"""Kling 3.0 on KIE.ai: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "std": {False: Money.usd("0.07"), True: Money.usd("0.10")},
    "pro": {False: Money.usd("0.09"), True: Money.usd("0.135")},
}  # silent, with sound
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Kling 3.0 can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=3, le=15, description="seconds")] = 5
    mode: Literal["std", "pro"] = "std"
    audio: bool = False
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second by its mode and sound."""
    return PER_SECOND[inputs.mode][inputs.audio] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    begin = {"image_urls": [ReferenceSlot.at(0)]} if inputs.references else {}
    return {
        "api": "jobs",
        "body": {
            "model": "kling-3.0/video",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "duration": str(inputs.duration_s),
                "mode": inputs.mode,
                "sound": inputs.audio,
                "multi_shots": False,
                "multi_prompt": [],
                **begin,
            },
        },
    }


CARD = ModelCard(
    id="kie/kling-3-0",
    title="Kling 3.0",
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
    price_source="KIE's tariff as recorded in September 2026, read 2026-11-30",
)
