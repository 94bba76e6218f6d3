"""FLUX Kontext max on Replicate: a reference changed as the words say, with better lettering."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference, Seed
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.08")
RATIOS: Final = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")


class Inputs(Form, frozen=True):
    """What FLUX Kontext max can be asked for; without a reference it starts from nothing."""

    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    begin = {"input_image": ReferenceSlot.at(0)} if inputs.references else {}
    return {
        "model": "black-forest-labs/flux-kontext-max",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "output_format": "png",
            "seed": inputs.seed,
            **begin,
        },
    }


CARD = ModelCard(
    id="replicate/flux-kontext-max",
    title="FLUX Kontext max",
    provider="replicate",
    kinds=(
        Kind.IMAGE_EDIT,
        Kind.TEXT_TO_IMAGE,
    ),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=12.0,
    time_limit_s=600.0,
    price_source="a list of Replicate's prices, read 2026-11-20",
)
