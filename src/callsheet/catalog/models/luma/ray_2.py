"""Ray 2 on Luma: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.14")
RATIOS: Final = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21")


class Inputs(WideForm, frozen=True):
    """What Ray 2 can be asked for; the size chooses the nearest ratio."""

    duration_s: Literal[5, 9] = 5
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second the same."""
    return PER_SECOND * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    first = {"frame0": {"type": "image", "url": ReferenceSlot.at(0)}}
    begin = {"keyframes": first} if inputs.references else {}
    return {
        "path": "video",
        "body": {
            "model": "ray-2",
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "duration": f"{inputs.duration_s}s",
            "resolution": "720p",
            **begin,
        },
    }


CARD = ModelCard(
    id="luma/ray-2",
    title="Ray 2",
    provider="luma",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="assumed",
    unverified="Luma's prices could not be read",
)
