"""Kling 2.5 Turbo pro on Runware: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.07")
SIZES: Final = {"16:9": (1280, 720), "9:16": (720, 1280), "1:1": (960, 960)}


class Inputs(WideForm, frozen=True):
    """What Kling 2.5 Turbo pro can be asked for; the size chooses the nearest ratio."""

    duration_s: Literal[5, 10] = 5
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
            "model": "klingai:6@1",
            "positivePrompt": inputs.prompt,
            "duration": inputs.duration_s,
            "width": width,
            "height": height,
            "outputFormat": "MP4",
            **begin,
        }
    }


CARD = ModelCard(
    id="runware/kling-2-5-turbo",
    title="Kling 2.5 Turbo pro",
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
