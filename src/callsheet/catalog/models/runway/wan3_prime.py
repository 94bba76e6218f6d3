"""Wan 3 prime on Runway: clips from words, or from a first frame."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.14")
RATIOS: Final = ("1280:720", "1104:832", "960:960", "832:1104", "720:1280")


class Inputs(WideForm, frozen=True):
    """What Wan 3 prime can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=4, le=10, description="seconds")] = 5
    audio: bool = True
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price the seconds, at 720p."""
    return PER_SECOND * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    common = {
        "model": "wan3_prime",
        "promptText": inputs.prompt,
        "duration": inputs.duration_s,
        "audio": inputs.audio,
    }
    if not inputs.references:
        return {
            "path": "text_to_video",
            "body": {**common, "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS)},
        }
    first = [{"uri": ReferenceSlot.at(0), "position": "first"}]
    return {
        "path": "image_to_video",
        "body": {
            **common,
            "promptImage": first,
            "ratio": "auto_720p",  # what begins with a frame has the frame's shape
        },
    }


CARD = ModelCard(
    id="runway/wan3-prime",
    title="Wan 3 prime",
    provider="runway",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="Runway's price page of 2026-10-04, read 2026-11-30",
)
