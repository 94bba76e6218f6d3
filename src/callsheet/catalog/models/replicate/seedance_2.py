"""Seedance 2.0 on Replicate: clips with sound, from words, from frames, or of given subjects."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, Seed, ShownForm, slots
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.08"),
    "720p": Money.usd("0.18"),
    "1080p": Money.usd("0.45"),
    "4k": Money.usd("1.03"),  # dearer than 1080p by as much as on fal
}
RATIOS: Final = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
SHOWN: Final = (ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT)


class Inputs(ShownForm, frozen=True):
    """What Seedance 2.0 can be asked for; the size chooses the ratio.

    The words name references that are no frames as [Image1], [Image2] and so on.
    """

    prompt: Annotated[str, Field(min_length=1, max_length=4_000)]
    duration_s: Annotated[int, Field(ge=4, le=15, description="seconds")] = 5
    resolution: Literal["480p", "720p", "1080p", "4k"] = "720p"
    audio: bool = True
    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    first = slots(inputs.references, ReferenceMode.FIRST_FRAME)
    last = slots(inputs.references, ReferenceMode.LAST_FRAME)
    shown = slots(inputs.references, *SHOWN)
    return {
        "model": "bytedance/seedance-2.0",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": inputs.duration_s,
            "resolution": inputs.resolution,
            "generate_audio": inputs.audio,
            "seed": inputs.seed,
            **({"image": first[0]} if first else {}),
            **({"last_frame_image": last[0]} if last else {}),
            **({"reference_images": shown} if shown else {}),
        },
    }


CARD = ModelCard(
    id="replicate/seedance-2",
    title="Seedance 2.0",
    provider="replicate",
    kinds=(
        Kind.TEXT_TO_VIDEO,
        Kind.IMAGE_TO_VIDEO,
    ),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {
            ReferenceMode.FIRST_FRAME,
            ReferenceMode.LAST_FRAME,
            ReferenceMode.STYLE_ONLY,
            ReferenceMode.SUBJECT,
            ReferenceMode.PRODUCT,
        }
    ),
    expected_s=120.0,
    time_limit_s=1_800.0,
    price_source="public code that orders from Replicate, read 2026-11-24",
    unverified="its price was read from others' code, that of 4k is assumed; nobody could read"
    " Replicate's own page",
)
