"""FLUX Kontext max multi on fal: several pictures become one."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference, Seed
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.08")
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4")


class Inputs(Form, frozen=True):
    """What it can be asked for; the size chooses the nearest ratio."""

    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=4)]


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    return {
        "model": "fal-ai/flux-pro/kontext/max/multi",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "output_format": "png",
            "seed": inputs.seed,
            "image_urls": slots,
        },
    }


CARD = ModelCard(
    id="fal/flux-kontext-max-multi",
    title="FLUX Kontext max multi",
    provider="fal",
    kinds=(Kind.COMPOSITE, Kind.IMAGE_EDIT),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=4,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="the model page of fal, read 2026-11-20",
)
