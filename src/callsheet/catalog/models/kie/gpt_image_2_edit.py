"""GPT Image 2 edit on KIE.ai: references changed as the words say."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = {
    "1K": Money.usd("0.03"),
    "2K": Money.usd("0.05"),
    "4K": Money.usd("0.08"),
}
RATIOS: Final = (
    "1:1",
    "16:9",
    "9:16",
    "4:3",
    "3:4",
    "3:2",
    "2:3",
)


class Inputs(Form, frozen=True):
    """What GPT Image 2 edit can be asked for; the size chooses the nearest ratio."""

    resolution: Literal["1K", "2K", "4K"] = "1K"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=6)]


def price(inputs: Inputs) -> Money:
    """Price each picture by its resolution."""
    return PER_IMAGE[inputs.resolution]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    return {
        "api": "jobs",
        "body": {
            "model": "gpt-image-2-image-to-image",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "resolution": inputs.resolution,
                "input_urls": slots,
            },
        },
    }


CARD = ModelCard(
    id="kie/gpt-image-2-edit",
    title="GPT Image 2 edit",
    provider="kie",
    kinds=(Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="KIE's tariff as recorded in October 2026, read 2026-11-30",
)
