"""Seedance 1 pro fast on Runware: clips from words, or from a first frame."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.05")
SIZES: Final = {"16:9": (1248, 704), "9:16": (704, 1248), "1:1": (960, 960)}  # 720p there


class Inputs(WideForm, frozen=True):
    """What Seedance 1 pro fast can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=3, le=12, description="seconds")] = 5
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second the same."""
    return PER_SECOND * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    first = {"frameImages": [ReferenceSlot.at(0)]}
    begin = {"inputs": first} if inputs.references else {}
    width, height = SIZES[nearest_ratio(inputs.width, inputs.height, list(SIZES))]
    return {
        "task": {
            "taskType": "videoInference",
            "model": "bytedance:2@2",
            "positivePrompt": inputs.prompt,
            "duration": inputs.duration_s,
            "width": width,
            "height": height,
            "outputFormat": "MP4",
            **begin,
        }
    }


CARD = ModelCard(
    id="runware/seedance-1-pro-fast",
    title="Seedance 1 pro fast",
    provider="runware",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="assumed",
    unverified="its price on Runware could not be read; it is assumed",
)
