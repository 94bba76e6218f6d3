"""Kling 3 pro from words on fal: clips from words."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = {True: Money.usd("0.168"), False: Money.usd("0.112")}  # with audio, without
RATIOS: Final = (
    "16:9",
    "9:16",
    "1:1",
)


class Inputs(WideForm, frozen=True):
    """What Kling 3 pro from words can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=3, le=15, description="seconds")] = 5
    audio: bool = True


def price(inputs: Inputs) -> Money:
    """Price each second, dearer with sound."""
    return PER_SECOND[inputs.audio] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/kling-video/v3/pro/text-to-video",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": str(inputs.duration_s),
            "generate_audio": inputs.audio,
        },
    }


CARD = ModelCard(
    id="fal/kling-v3-pro-text",
    title="Kling 3 pro from words",
    provider="fal",
    kinds=(Kind.TEXT_TO_VIDEO,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="fal's schema of 2026-09-16, read 2026-11-30",
)
