"""Gemini Omni 1.2 flash on Google: clips with sound from words, a first frame or references."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

TOKENS_PER_SECOND: Final = 5_714  # at 720p, which comes to 0.0686 dollars
INPUT_TOKENS: Final = 20
RATIOS: Final = ("16:9", "9:16")


class Inputs(WideForm, frozen=True):
    """What Gemini Omni 1.2 flash can be asked for; the size chooses upright or wide."""

    duration_s: Annotated[int, Field(ge=3, le=15, description="seconds")] = 6
    references: Annotated[tuple[Reference, ...], Field(max_length=3)] = ()


def price(inputs: Inputs) -> Money:
    """Price the tokens: 12 dollars for a million out, 1.50 for a million in."""
    into = -(-INPUT_TOKENS * 3 // 2)
    return Money(inputs.duration_s * TOKENS_PER_SECOND * 12 + into)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does; marks in the prompt bind pictures to roles."""
    first = [each.mode is ReferenceMode.FIRST_FRAME for each in inputs.references]
    marks = [
        "<FIRST_FRAME>" if is_first else f"<IMAGE_REF_{place}>"
        for place, is_first in enumerate(first)
    ]
    pictures = [
        {"type": "image", "data": ReferenceSlot.at(place), "mime_type": "image/png"}
        for place in range(len(first))
    ]
    return {
        "body": {
            "model": "gemini-omni-1.2-flash",
            "input": [{"type": "text", "text": " ".join([*marks, inputs.prompt])}, *pictures],
            "response_format": {
                "type": "video",
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "duration": f"{inputs.duration_s}s",
                "resolution": "720p",
                "delivery": "uri",
            },
        }
    }


CARD = ModelCard(
    id="gemini/gemini-omni-1-2-flash",
    title="Gemini Omni 1.2 flash",
    provider="gemini_interactions",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=3,
    reference_modes=frozenset(
        {ReferenceMode.FIRST_FRAME, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=60.0,
    time_limit_s=1800.0,
    price_source="litellm price map 1.110.2 (tokens), read 2026-11-30",
)
