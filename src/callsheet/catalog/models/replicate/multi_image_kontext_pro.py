"""FLUX Kontext pro with two pictures on Replicate: what both show, in one picture."""

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
RATIOS: Final = (
    "1:1",
    "16:9",
    "21:9",
    "3:2",
    "2:3",
    "4:5",
    "5:4",
    "3:4",
    "4:3",
    "9:16",
    "9:21",
    "2:1",
    "1:2",
)


class Inputs(Form, frozen=True):
    """What FLUX Kontext pro with two pictures can be asked for; the size chooses the ratio.

    `safety_tolerance` 2 lets the most pass.
    """

    safety_tolerance: Annotated[int, Field(ge=0, le=2)] = 2
    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(min_length=2, max_length=2)]


def price(_inputs: Inputs) -> Money:
    """Estimate each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    return {
        "model": "flux-kontext-apps/multi-image-kontext-pro",
        "input": {
            "prompt": inputs.prompt,
            "input_image_1": ReferenceSlot.at(0),
            "input_image_2": ReferenceSlot.at(1),
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "safety_tolerance": inputs.safety_tolerance,
            "output_format": "png",
            "seed": inputs.seed,
        },
    }


CARD = ModelCard(
    id="replicate/multi-image-kontext-pro",
    title="FLUX Kontext pro with two pictures",
    provider="replicate",
    kinds=(Kind.COMPOSITE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=2,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=12.0,
    time_limit_s=600.0,
    price_source="estimate: twice that of FLUX Kontext pro, for two pictures, 2026-11-30",
    estimated=True,
)
