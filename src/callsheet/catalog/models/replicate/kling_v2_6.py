"""Kling 2.6 on Replicate: short clips from words, or from a first frame."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.07")  # silent; the model's page, read 2026-11-20
PER_SECOND_WITH_AUDIO: Final = Money.usd("0.14")
RATIOS: Final = ("16:9", "9:16", "1:1")
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reference(BaseModel, extra="forbid", frozen=True):
    """A picture of ours to begin from."""

    sha256: Sha256
    working: Sha256
    mode: ReferenceMode = ReferenceMode.FIRST_FRAME


class Inputs(BaseModel, extra="forbid", frozen=True):
    """What Kling 2.6 can be asked for; the size chooses the ratio. `duration_s` is in seconds."""

    prompt: Annotated[str, Field(min_length=1, max_length=2_500)]
    width: Annotated[int, Field(ge=256, le=4096)] = 1920
    height: Annotated[int, Field(ge=256, le=4096)] = 1080
    duration_s: Literal[5, 10] = 5
    audio: bool = False
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Each second costs the same, with sound twice as much."""
    return (PER_SECOND_WITH_AUDIO if inputs.audio else PER_SECOND) * inputs.duration_s


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    begin = {"start_image": ReferenceSlot.at(0)} if inputs.references else {}
    return {
        "model": "kwaivgi/kling-v2.6",
        "input": {
            "prompt": inputs.prompt,
            "duration": inputs.duration_s,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "generate_audio": inputs.audio,
            **begin,
        },
    }


CARD = ModelCard(
    id="replicate/kling-v2-6",
    title="Kling 2.6",
    provider="replicate",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    price_source="the model's page, read 2026-11-20",
    expected_s=90.0,
    time_limit_s=1_800.0,
)
