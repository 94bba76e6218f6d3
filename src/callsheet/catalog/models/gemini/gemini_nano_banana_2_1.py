"""Gemini Nano Banana 2.1 on Google: the newest flash model for pictures."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

# dollars for a million tokens; what it thinks is paid as text
RATES: Final = {"image_out": "30", "text_out": "7.50", "in": "1.50"}
TOKENS: Final = {"1K": 1_120, "2K": 1_680, "4K": 3_767}  # of a picture
PROMPT_TOKENS: Final = 10  # a short prompt; a long one adds less than a thousandth of a cent
REFERENCE_TOKENS: Final = 260
RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")


class Inputs(Form, frozen=True):
    """What Gemini Nano Banana 2.1 can be asked for; the size chooses the nearest ratio."""

    resolution: Literal["1K", "2K", "4K"] = "1K"
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()


def price(inputs: Inputs) -> Money:
    """Price the tokens that a picture of this size counts, and those that go in.

    What it thinks before is counted afterwards, and charged.
    """
    into = PROMPT_TOKENS + REFERENCE_TOKENS * len(inputs.references)
    return Money(-(-into * 3 // 2) + TOKENS[inputs.resolution] * int(RATES["image_out"]))


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    pictures = [
        {"inlineData": {"mimeType": "image/png", "data": ReferenceSlot.at(place)}}
        for place in range(len(inputs.references))
    ]
    ratio = nearest_ratio(inputs.width, inputs.height, RATIOS)
    return {
        "model": "gemini-nano-banana-2.1",
        "body": {
            "contents": [{"role": "user", "parts": [{"text": inputs.prompt}, *pictures]}],
            "generationConfig": {
                "responseModalities": ["TEXT", "IMAGE"],
                "imageConfig": {"aspectRatio": ratio, "imageSize": inputs.resolution},
            },
        },
        "rates": RATES,
    }


CARD = ModelCard(
    id="gemini/gemini-nano-banana-2-1",
    title="Gemini Nano Banana 2.1",
    provider="gemini",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.SYNC,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=12.0,
    time_limit_s=300.0,
    price_source="Google's price page of 2026-10-08 and litellm price map 1.110.2, read 2026-11-30",
)
