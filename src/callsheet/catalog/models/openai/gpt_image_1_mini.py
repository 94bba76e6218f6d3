"""GPT Image 1 mini on OpenAI: the generation that goes in December 2026."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

SQUARE: Final = {"low": Money.usd("0.005"), "medium": Money.usd("0.011")}
SIZES: Final = {"1:1": "1024x1024", "3:2": "1536x1024", "2:3": "1024x1536"}


class Inputs(Form, frozen=True):
    """What GPT Image 1 mini can be asked for; the size chooses the nearest of three."""

    prompt: Annotated[str, Field(min_length=1, max_length=32_000)]
    quality: Literal["low", "medium"] = "medium"
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def shape(inputs: Inputs) -> str:
    """Choose the nearest ratio that it makes."""
    return nearest_ratio(inputs.width, inputs.height, list(SIZES))


def price(inputs: Inputs) -> Money:
    """Price a picture by its quality."""
    return SQUARE[inputs.quality]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does; references make it an edit."""
    return {
        "body": {
            "model": "gpt-image-1-mini",
            "prompt": inputs.prompt,
            "size": SIZES[shape(inputs)],
            "quality": inputs.quality,
            "output_format": "png",
            "n": 1,
        },
        "images": [ReferenceSlot.at(place) for place in range(len(inputs.references))],
    }


CARD = ModelCard(
    id="openai/gpt-image-1-mini",
    title="GPT Image 1 mini",
    provider="openai",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.SYNC,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=25.0,
    time_limit_s=600.0,
    price_source="litellm price map, read 2026-11-20",
    retires_on=date(2026, 12, 1),
    successor="openai/gpt-image-2-5-sunburst",
)
