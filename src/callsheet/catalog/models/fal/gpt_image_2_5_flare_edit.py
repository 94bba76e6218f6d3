"""GPT Image 2.5 flare edit on fal: references changed as the words say."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_preset
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

# dollars by quality: of a square of 1024 pixels, and of what is not square
SQUARE: Final = {
    "low": "0.00588",
    "medium": "0.01317",
    "high": "0.05268",
    "xhigh": "0.09366",
    "max": "0.21072",
}
OBLONG: Final = {
    "low": "0.00474",
    "medium": "0.01029",
    "high": "0.04116",
    "xhigh": "0.07377",
    "max": "0.16464",
}
PER_REFERENCE: Final = Money.usd("0.0016")  # 200 tokens of a picture that goes in, at 8 a million


class Inputs(Form, frozen=True):
    """What GPT Image 2.5 flare edit can be asked for; the size chooses the nearest preset."""

    quality: Literal["low", "medium", "high", "xhigh", "max"] = "high"
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=6)]


def price(inputs: Inputs) -> Money:
    """Price a picture by its quality and shape, and each reference."""
    square = nearest_preset(inputs.width, inputs.height) == "square_hd"
    made = Money.usd((SQUARE if square else OBLONG)[inputs.quality])
    return made + PER_REFERENCE * len(inputs.references)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    slots = [ReferenceSlot.at(place) for place in range(len(inputs.references))]
    return {
        "model": "openai/gpt-image-2.5/flare/edit",
        "input": {
            "prompt": inputs.prompt,
            "image_size": nearest_preset(inputs.width, inputs.height),
            "output_format": "png",
            "quality": inputs.quality,
            "image_urls": slots,
        },
    }


CARD = ModelCard(
    id="fal/gpt-image-2-5-flare-edit",
    title="GPT Image 2.5 flare edit",
    provider="fal",
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
    price_source="litellm price map 1.110.2 by quality and size, read 2026-11-30",
)
