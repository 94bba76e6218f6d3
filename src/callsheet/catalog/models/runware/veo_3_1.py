"""Veo 3.1 on Runware: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {True: Money.usd("0.40"), False: Money.usd("0.20")}  # with audio, without
SIZES: Final = {"16:9": (1280, 720), "9:16": (720, 1280)}


class Inputs(WideForm, frozen=True):
    """What Veo 3.1 can be asked for; the size chooses the nearest ratio."""

    duration_s: Literal[4, 6, 8] = 8
    audio: bool = True
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price the seconds, with audio or without."""
    return PER_SECOND[inputs.audio] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    first = {"frameImages": [ReferenceSlot.at(0)]}
    begin = {"inputs": first} if inputs.references else {}
    width, height = SIZES[nearest_ratio(inputs.width, inputs.height, list(SIZES))]
    return {
        "task": {
            "taskType": "videoInference",
            "model": "google:3@2",
            "positivePrompt": inputs.prompt,
            "duration": inputs.duration_s,
            "width": width,
            "height": height,
            "outputFormat": "MP4",
            "providerSettings": {"google": {"generateAudio": inputs.audio}},
            **begin,
        }
    }


CARD = ModelCard(
    id="runware/veo-3-1",
    title="Veo 3.1",
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
