"""FLUX.2 pro edit on fal: pictures from words and references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference, Seed
from callsheet.catalog.shapes import nearest_preset
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

FIRST: Final = Money.usd("0.03")
FURTHER: Final = Money.usd("0.015")  # a megapixel: each reference counts as about one


class Inputs(Form, frozen=True):
    """What FLUX.2 pro edit can be asked for; the size chooses the nearest preset."""

    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=6)]


def price(inputs: Inputs) -> Money:
    """Estimate what comes out and each reference as a megapixel."""
    return FIRST + FURTHER * len(inputs.references)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/flux-2-pro/edit",
        "input": {
            "prompt": inputs.prompt,
            "image_size": nearest_preset(inputs.width, inputs.height),
            "output_format": "png",
            "seed": inputs.seed,
            "image_urls": [ReferenceSlot.at(place) for place in range(len(inputs.references))],
        },
    }


CARD = ModelCard(
    id="fal/flux-2-pro-edit",
    title="FLUX.2 pro edit",
    provider="fal",
    kinds=(
        Kind.IMAGE_EDIT,
        Kind.COMPOSITE,
    ),
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
    price_source="estimate: fal's price of the model without references, read 2026-11-30",
    estimated=True,
)
