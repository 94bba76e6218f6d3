"""GPT Image 2.5 sunburst on fal: pictures from words."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_preset
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

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


class Inputs(Form, frozen=True):
    """What GPT Image 2.5 sunburst can be asked for; the size chooses the nearest preset."""

    quality: Literal["low", "medium", "high", "xhigh", "max"] = "high"


def price(inputs: Inputs) -> Money:
    """Price a picture by its quality and shape."""
    square = nearest_preset(inputs.width, inputs.height) == "square_hd"
    return Money.usd((SQUARE if square else OBLONG)[inputs.quality])


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "openai/gpt-image-2.5/sunburst/text-to-image",
        "input": {
            "prompt": inputs.prompt,
            "image_size": nearest_preset(inputs.width, inputs.height),
            "output_format": "png",
            "quality": inputs.quality,
        },
    }


CARD = ModelCard(
    id="fal/gpt-image-2-5-sunburst",
    title="GPT Image 2.5 sunburst",
    provider="fal",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="litellm price map 1.110.2 by quality and size, read 2026-11-30",
)
