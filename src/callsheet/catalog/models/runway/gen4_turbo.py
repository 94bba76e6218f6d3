"""Gen-4 Turbo on Runway: clips from a first frame."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = Money.usd("0.05")
CENT: Final = 10_000  # micro-dollars: a credit, the least that is billed
RATIOS: Final = ("1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672")


class Inputs(WideForm, frozen=True):
    """What Gen-4 Turbo can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=4, le=10, description="seconds")] = 5
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(inputs: Inputs) -> Money:
    """Price the seconds, in whole credits."""
    return Money(-(-PER_SECOND.micros * inputs.duration_s // CENT) * CENT)


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    common = {
        "model": "gen4_turbo",
        "promptText": inputs.prompt,
        "duration": inputs.duration_s,
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
    id="runway/gen4-turbo",
    title="Gen-4 Turbo",
    provider="runway",
    kinds=(Kind.IMAGE_TO_VIDEO,),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="litellm price map, read 2026-11-20",
)
