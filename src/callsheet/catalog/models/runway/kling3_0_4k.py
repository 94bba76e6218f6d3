"""Kling 3.0 4K on Runway: clips from words, or from a first frame."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.20")
CENT: Final = 10_000  # micro-dollars: a credit, the least that is billed
RATIOS: Final = ("3840:2160", "2160:3840", "2880:2880")


class Inputs(WideForm, frozen=True):
    """What Kling 3.0 4K can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=4, le=15, description="seconds")] = 5
    audio: bool = True
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price the seconds, in whole credits."""
    return Money(-(-PER_SECOND.micros * inputs.duration_s // CENT) * CENT)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    common = {
        "model": "kling3.0_4k",
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
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
        },
    }


CARD = ModelCard(
    id="runway/kling3-0-4k",
    title="Kling 3.0 4K",
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
    price_source="assumed",
    unverified="Runway tells its price only when an order is accepted; this one is assumed",
)
