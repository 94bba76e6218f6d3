"""Seedance 1 pro on Replicate: clips from words or between two frames."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import FramedForm, Reference, Seed, slots
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.03"),
    "720p": Money.usd("0.06"),
    "1080p": Money.usd("0.15"),
}
RATIOS: Final = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")


class Inputs(FramedForm, frozen=True):
    """What Seedance 1 pro can be asked for; a frame or the size chooses the ratio."""

    duration_s: Annotated[int, Field(ge=2, le=12, description="seconds")] = 5
    resolution: Literal["480p", "720p", "1080p"] = "720p"
    camera_fixed: bool = False
    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(max_length=2)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    first = slots(inputs.references, ReferenceMode.FIRST_FRAME)
    last = slots(inputs.references, ReferenceMode.LAST_FRAME)
    return {
        "model": "bytedance/seedance-1-pro",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": inputs.duration_s,
            "resolution": inputs.resolution,
            "camera_fixed": inputs.camera_fixed,
            "seed": inputs.seed,
            **({"image": first[0]} if first else {}),
            **({"last_frame_image": last[0]} if last else {}),
        },
    }


CARD = ModelCard(
    id="replicate/seedance-1-pro",
    title="Seedance 1 pro",
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
    expected_s=60.0,
    time_limit_s=1_800.0,
    price_source="public code of 2026 that orders from Replicate, read 2026-11-30",
)
