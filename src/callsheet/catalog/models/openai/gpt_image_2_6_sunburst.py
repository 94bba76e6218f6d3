"""GPT Image 2.6 sunburst on OpenAI: the newest careful one."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import BoundedForm, Reference
from callsheet.catalog.shapes import Bounds
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

RATES: Final = {"text_in": "5", "image_in": "8", "image_out": "30"}  # dollars for a million tokens
TOKENS: Final = {"low": 196, "medium": 439, "high": 1_756, "xhigh": 3_122, "max": 7_024}
# of a square; as many as GPT Image 2.5 counts
TEXT_TOKENS: Final = 12  # a short prompt; a long one adds a hundredth of a cent
REFERENCE_TOKENS: Final = 200
WHOLE: Final = Bounds(least_pixels=655_360, most_pixels=8_294_400, longest=3.0)
Side = Annotated[int, Field(ge=256, le=3840, multiple_of=16, description="pixels")]


class Inputs(BoundedForm, frozen=True):
    """What GPT Image 2.6 sunburst can be asked for; multiples of 16, three to one at most."""

    prompt: Annotated[str, Field(min_length=1, max_length=32_000)]
    whole: ClassVar = WHOLE
    width: Side = 1024
    height: Side = 1024
    quality: Literal["low", "medium", "high", "xhigh", "max"] = "medium"
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(inputs: Inputs) -> Money:
    """Estimate the tokens that a picture of this size and quality counts."""
    tokens = -(-TOKENS[inputs.quality] * inputs.width * inputs.height // 1024**2)
    images = REFERENCE_TOKENS * len(inputs.references)
    counted = {"text_in": TEXT_TOKENS, "image_in": images, "image_out": tokens}
    return Money(sum(int(RATES[kind]) * count for kind, count in counted.items()))


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does; references make it an edit."""
    return {
        "body": {
            "model": "gpt-image-2.6-sunburst",
            "prompt": inputs.prompt,
            "size": f"{inputs.width}x{inputs.height}",
            "quality": inputs.quality,
            "output_format": "png",
            "n": 1,
        },
        "images": [ReferenceSlot.at(place) for place in range(len(inputs.references))],
        "rates": RATES,
    }


CARD = ModelCard(
    id="openai/gpt-image-2-6-sunburst",
    title="GPT Image 2.6 sunburst",
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
    expected_s=30.0,
    time_limit_s=600.0,
    price_source="litellm price map 1.110.2 (rates), read 2026-11-30; tokens are estimated",
    estimated=True,
)
