"""Veo 3.1 fast on Replicate: cheaper clips with sound, from words or from frames."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import FramedForm, Reference, Seed, slots
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.10")
PER_SECOND_WITH_AUDIO: Final = Money.usd("0.15")
RATIOS: Final = ("16:9", "9:16")


class Inputs(FramedForm, frozen=True):
    """What Veo 3.1 fast can be asked for; the size chooses upright or wide."""

    duration_s: Literal[4, 6, 8] = 8
    resolution: Literal["720p", "1080p"] = "720p"
    audio: bool = True
    negative_prompt: Annotated[str, Field(max_length=2_500)] = ""
    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(max_length=2)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second, dearer with sound."""
    return (PER_SECOND_WITH_AUDIO if inputs.audio else PER_SECOND) * inputs.duration_s


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    first = slots(inputs.references, ReferenceMode.FIRST_FRAME)
    last = slots(inputs.references, ReferenceMode.LAST_FRAME)
    return {
        "model": "google/veo-3.1-fast",
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
        },
    }


CARD = ModelCard(
    id="replicate/veo-3-1-fast",
    title="Veo 3.1 fast",
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
