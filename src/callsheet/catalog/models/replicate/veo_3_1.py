"""Veo 3.1 on Replicate: clips with sound, from words, from frames, or of given subjects."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from callsheet.catalog.forms import Reference, Seed, ShownForm, slots
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.20")
PER_SECOND_WITH_AUDIO: Final = Money.usd("0.40")
RATIOS: Final = ("16:9", "9:16")
SUBJECTS: Final = (ReferenceMode.SUBJECT, ReferenceMode.PRODUCT)
WHOLE_S: Final = 8


class Inputs(ShownForm, frozen=True):
    """What Veo 3.1 can be asked for; the size chooses upright or wide.

    References that are no frames go with wide clips of eight seconds alone.
    """

    duration_s: Literal[4, 6, 8] = 8
    resolution: Literal["720p", "1080p"] = "720p"
    audio: bool = True
    negative_prompt: Annotated[str, Field(max_length=2_500)] = ""
    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(max_length=3)] = ()

    @model_validator(mode="after")
    def _subjects_fit(self) -> Self:
        wide = nearest_ratio(self.width, self.height, RATIOS) == RATIOS[0]
        if slots(self.references, *SUBJECTS) and not (wide and self.duration_s == WHOLE_S):
            raise ValueError("references that are no frames need a wide clip of eight seconds")
        return self


def price(inputs: Inputs) -> Money:
    """Price each second, dearer with sound."""
    return (PER_SECOND_WITH_AUDIO if inputs.audio else PER_SECOND) * inputs.duration_s


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    first = slots(inputs.references, ReferenceMode.FIRST_FRAME)
    last = slots(inputs.references, ReferenceMode.LAST_FRAME)
    shown = slots(inputs.references, *SUBJECTS)
    return {
        "model": "google/veo-3.1",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": inputs.duration_s,
            "resolution": inputs.resolution,
            "generate_audio": inputs.audio,
            "seed": inputs.seed,
            **({"negative_prompt": inputs.negative_prompt} if inputs.negative_prompt else {}),
            **({"image": first[0]} if first else {}),
            **({"last_frame": last[0]} if last else {}),
            **({"reference_images": shown} if shown else {}),
        },
    }


CARD = ModelCard(
    id="replicate/veo-3-1",
    title="Veo 3.1",
    provider="replicate",
    kinds=(
        Kind.TEXT_TO_VIDEO,
        Kind.IMAGE_TO_VIDEO,
    ),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=3,
    reference_modes=frozenset(
        {
            ReferenceMode.FIRST_FRAME,
            ReferenceMode.LAST_FRAME,
            ReferenceMode.SUBJECT,
            ReferenceMode.PRODUCT,
        }
    ),
    expected_s=90.0,
    time_limit_s=1_800.0,
    price_source="public code of 2026 that orders from Replicate, read 2026-11-30",
)
