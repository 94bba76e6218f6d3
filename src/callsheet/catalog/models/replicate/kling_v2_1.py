"""Kling 2.1 on Replicate: a first frame set in motion."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from callsheet.catalog.forms import FramedForm, Reference, slots
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {"standard": Money.usd("0.05"), "pro": Money.usd("0.09")}


class Inputs(FramedForm, frozen=True):
    """What Kling 2.1 can be asked for; the frame says how wide it is. A last frame needs `pro`."""

    duration_s: Literal[5, 10] = 5
    mode: Literal["standard", "pro"] = "standard"
    negative_prompt: Annotated[str, Field(max_length=2_500)] = ""
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=2)]

    @model_validator(mode="after")
    def _frames_are_enough(self) -> Self:
        if not slots(self.references, ReferenceMode.FIRST_FRAME):
            raise ValueError("it begins with a first frame")
        if slots(self.references, ReferenceMode.LAST_FRAME) and self.mode != "pro":
            raise ValueError("a last frame needs the mode pro")
        return self


def price(inputs: Inputs) -> Money:
    """Price each second by its mode."""
    return PER_SECOND[inputs.mode] * inputs.duration_s


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    first = slots(inputs.references, ReferenceMode.FIRST_FRAME)
    last = slots(inputs.references, ReferenceMode.LAST_FRAME)
    return {
        "model": "kwaivgi/kling-v2.1",
        "input": {
            "prompt": inputs.prompt,
            "start_image": first[0],
            "duration": inputs.duration_s,
            "mode": inputs.mode,
            **({"negative_prompt": inputs.negative_prompt} if inputs.negative_prompt else {}),
            **({"end_image": last[0]} if last else {}),
        },
    }


CARD = ModelCard(
    id="replicate/kling-v2-1",
    title="Kling 2.1",
    provider="replicate",
    kinds=(Kind.IMAGE_TO_VIDEO,),
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
