"""Hailuo 3 on Runway: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {"768p": Money.usd("0.10"), "2k": Money.usd("0.15")}
RATIOS: Final = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")


class Inputs(WideForm, frozen=True):
    """What Hailuo 3 can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=5, le=15, description="seconds")] = 5
    resolution: Literal["768p", "2k"] = "768p"
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price the seconds by their resolution; both rates are whole credits."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    common = {
        "model": "hailuo3",
        "promptText": inputs.prompt,
        "duration": inputs.duration_s,
        "resolution": inputs.resolution,
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
    id="runway/hailuo3",
    title="Hailuo 3",
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
