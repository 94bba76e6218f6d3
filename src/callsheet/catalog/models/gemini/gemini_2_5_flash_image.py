"""Gemini 2.5 flash image on Google: pictures from words and references."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

RATES: Final = {"image_out": "30", "in": "0.30"}  # dollars for a million tokens
TOKENS: Final = 1290  # of a picture
PROMPT_TOKENS: Final = 10  # a short prompt; a long one adds less than a thousandth of a cent
REFERENCE_TOKENS: Final = 260
RATIOS: Final = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")


class Inputs(Form, frozen=True):
    """What Gemini 2.5 flash image can be asked for; the size chooses the nearest ratio."""

    references: Annotated[tuple[Reference, ...], Field(max_length=3)] = ()


def price(inputs: Inputs) -> Money:
    """Price the tokens that a picture counts, and those that go in."""
    into = PROMPT_TOKENS + REFERENCE_TOKENS * len(inputs.references)
    return Money(-(-into * 3 // 10) + TOKENS * int(RATES["image_out"]))


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    pictures = [
        {"inlineData": {"mimeType": "image/png", "data": ReferenceSlot.at(place)}}
        for place in range(len(inputs.references))
    ]
    ratio = nearest_ratio(inputs.width, inputs.height, RATIOS)
    return {
        "model": "gemini-2.5-flash-image",
        "body": {
            "contents": [{"role": "user", "parts": [{"text": inputs.prompt}, *pictures]}],
            "generationConfig": {
                "responseModalities": ["TEXT", "IMAGE"],
                "imageConfig": {"aspectRatio": ratio},
            },
        },
        "rates": RATES,
    }


CARD = ModelCard(
    id="gemini/gemini-2-5-flash-image",
    title="Gemini 2.5 flash image",
    provider="gemini",
    kinds=(Kind.TEXT_TO_IMAGE, Kind.IMAGE_EDIT, Kind.COMPOSITE),
    execution=Execution.SYNC,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=3,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=12.0,
    time_limit_s=300.0,
    price_source="litellm price map 1.110.2, read 2026-11-30",
    retires_on=date(2027, 3, 15),
    successor="gemini/gemini-3-1-flash-lite-image",
)
