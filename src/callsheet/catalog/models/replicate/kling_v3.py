"""Kling 3.0 on Replicate: long clips, with sound if asked, from words or between two frames."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import FramedForm, Reference, slots
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "standard": Money.usd("0.168"),
    "pro": Money.usd("0.224"),
    "4k": Money.usd("0.42"),
}
PER_SECOND_WITH_AUDIO: Final = {
    "standard": Money.usd("0.252"),
    "pro": Money.usd("0.336"),
    "4k": Money.usd("0.42"),
}
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(FramedForm, frozen=True):
    """What Kling 3.0 can be asked for; the size chooses the ratio, `mode` how many pixels."""

    prompt: Annotated[str, Field(min_length=1, max_length=2_500)]
    duration_s: Annotated[int, Field(ge=3, le=15, description="seconds")] = 5
    mode: Literal["standard", "pro", "4k"] = "standard"
    audio: bool = False
    negative_prompt: Annotated[str, Field(max_length=2_500)] = ""
    references: Annotated[tuple[Reference, ...], Field(max_length=2)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second by its mode, dearer with sound below 4k."""
    return (PER_SECOND_WITH_AUDIO if inputs.audio else PER_SECOND)[inputs.mode] * inputs.duration_s


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    first = slots(inputs.references, ReferenceMode.FIRST_FRAME)
    last = slots(inputs.references, ReferenceMode.LAST_FRAME)
    return {
        "model": "kwaivgi/kling-v3-video",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": inputs.duration_s,
            "mode": inputs.mode,
            "generate_audio": inputs.audio,
            **({"negative_prompt": inputs.negative_prompt} if inputs.negative_prompt else {}),
            **({"start_image": first[0]} if first else {}),
            **({"end_image": last[0]} if last else {}),
        },
    }


CARD = ModelCard(
    id="replicate/kling-v3",
    title="Kling 3.0",
    provider="replicate",
    kinds=(
        Kind.TEXT_TO_VIDEO,
        Kind.IMAGE_TO_VIDEO,
    ),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=2,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME, ReferenceMode.LAST_FRAME}),
    expected_s=120.0,
    time_limit_s=1_800.0,
    price_source="public code of 2026 that orders from Replicate, read 2026-11-30",
)
