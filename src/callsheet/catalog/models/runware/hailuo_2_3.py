"""Hailuo 2.3 on Runware: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

# a clip of six seconds by its resolution
PER_CLIP: Final = {"768p": Money.usd("0.28"), "1080p": Money.usd("0.49")}
SIZES: Final = {"768p": (1366, 768), "1080p": (1920, 1080)}


class Inputs(WideForm, frozen=True):
    """What Hailuo 2.3 can be asked for; clips are wide."""

    duration_s: Literal[6] = 6
    resolution: Literal["768p", "1080p"] = "768p"
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price a clip by its resolution."""
    return PER_CLIP[inputs.resolution]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    first = {"frameImages": [ReferenceSlot.at(0)]}
    begin = {"inputs": first} if inputs.references else {}
    nearest_ratio(inputs.width, inputs.height, ["16:9"])
    width, height = SIZES[inputs.resolution]
    return {
        "task": {
            "taskType": "videoInference",
            "model": "minimax:4@1",
            "positivePrompt": inputs.prompt,
            "duration": inputs.duration_s,
            "width": width,
            "height": height,
            "outputFormat": "MP4",
            **begin,
        }
    }


CARD = ModelCard(
    id="runware/hailuo-2-3",
    title="Hailuo 2.3",
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
    price_source="runware.ai/pricing as cited by clients in 2026, read 2026-11-30",
)
