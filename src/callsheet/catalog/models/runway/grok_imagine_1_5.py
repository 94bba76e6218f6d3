"""Grok Imagine 1.5 on Runway: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {
    "480p": Money.usd("0.10"),
    "720p": Money.usd("0.16"),
    "1080p": Money.usd("0.29"),
}
FIRST_FRAME: Final = Money.usd("0.01")
RATIOS: Final = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")


class Inputs(WideForm, frozen=True):
    """What Grok Imagine 1.5 can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=4, le=10, description="seconds")] = 5
    resolution: Literal["480p", "720p", "1080p"] = "720p"
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price the seconds by their resolution, and the first frame."""
    seconds = PER_SECOND[inputs.resolution] * inputs.duration_s
    return seconds + FIRST_FRAME * len(inputs.references)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    common = {
        "model": "grok_imagine_1_5",
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
    return {"path": "image_to_video", "body": {**common, "promptImage": first}}


CARD = ModelCard(
    id="runway/grok-imagine-1-5",
    title="Grok Imagine 1.5",
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
