"""Seedance 1 lite on Replicate: cheap clips from words, from frames, or of given subjects."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator

from callsheet.catalog.forms import Reference, Seed, ShownForm, slots
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.018"),
    "720p": Money.usd("0.036"),
    "1080p": Money.usd("0.072"),
}
RATIOS: Final = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
SUBJECTS: Final = (ReferenceMode.SUBJECT, ReferenceMode.PRODUCT)


class Inputs(ShownForm, frozen=True):
    """What Seedance 1 lite can be asked for; a frame or the size chooses the ratio.

    References that are no frames go with 480p and 720p alone.
    """

    duration_s: Annotated[int, Field(ge=2, le=12, description="seconds")] = 5
    resolution: Literal["480p", "720p", "1080p"] = "720p"
    camera_fixed: bool = False
    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(max_length=4)] = ()

    @model_validator(mode="after")
    def _subjects_fit(self) -> Self:
        if slots(self.references, *SUBJECTS) and self.resolution == "1080p":
            raise ValueError("references that are no frames do not go with 1080p")
        return self


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    first = slots(inputs.references, ReferenceMode.FIRST_FRAME)
    last = slots(inputs.references, ReferenceMode.LAST_FRAME)
    shown = slots(inputs.references, *SUBJECTS)
    return {
        "model": "bytedance/seedance-1-lite",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": inputs.duration_s,
            "resolution": inputs.resolution,
            "camera_fixed": inputs.camera_fixed,
            "seed": inputs.seed,
            **({"image": first[0]} if first else {}),
            **({"last_frame_image": last[0]} if last else {}),
            **({"reference_images": shown} if shown else {}),
        },
    }


CARD = ModelCard(
    id="replicate/seedance-1-lite",
    title="Seedance 1 lite",
    provider="replicate",
    kinds=(
        Kind.TEXT_TO_VIDEO,
        Kind.IMAGE_TO_VIDEO,
    ),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=4,
    reference_modes=frozenset(
        {
            ReferenceMode.FIRST_FRAME,
            ReferenceMode.LAST_FRAME,
            ReferenceMode.SUBJECT,
            ReferenceMode.PRODUCT,
        }
    ),
    expected_s=60.0,
    time_limit_s=1_800.0,
    price_source="public code of 2026 that orders from Replicate, read 2026-11-30",
)
