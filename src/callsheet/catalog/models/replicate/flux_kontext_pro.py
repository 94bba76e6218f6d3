"""FLUX Kontext pro on Replicate: a reference picture, changed as the words say."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.04")  # Replicate's list, read 2026-11-20
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3", "4:5", "5:4", "21:9", "9:21")
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reference(BaseModel, extra="forbid", frozen=True):
    """A picture of ours to begin from."""

    sha256: Sha256
    working: Sha256
    mode: ReferenceMode = ReferenceMode.SUBJECT


class Inputs(BaseModel, extra="forbid", frozen=True):
    """What FLUX Kontext pro can be asked for; without a reference it starts from nothing."""

    prompt: Annotated[str, Field(min_length=1, max_length=8_000)]
    width: Annotated[int, Field(ge=256, le=4096)] = 1024
    height: Annotated[int, Field(ge=256, le=4096)] = 1024
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(_inputs: Inputs) -> Money:
    """Each image costs the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    begin = {"input_image": ReferenceSlot.at(0)} if inputs.references else {}
    return {
        "model": "black-forest-labs/flux-kontext-pro",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "output_format": "png",
            "seed": inputs.seed,
            **begin,
        },
    }


CARD = ModelCard(
    id="replicate/flux-kontext-pro",
    title="FLUX Kontext pro",
    provider="replicate",
    kinds=(Kind.IMAGE_EDIT, Kind.TEXT_TO_IMAGE),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    price_source="a list of Replicate's prices, read 2026-11-20",
    expected_s=8.0,
    time_limit_s=600.0,
)
