"""H3 max on Runway: clips from words, or from a first frame."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {"480p": Money.usd("0.05"), "768p": Money.usd("0.08")}


class Inputs(WideForm, frozen=True):
    """What H3 max can be asked for."""

    duration_s: Annotated[int, Field(ge=5, le=15, description="seconds")] = 5
    resolution: Literal["480p", "768p"] = "480p"
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price the seconds by their resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    common = {
        "model": "h3_max",
        "promptText": inputs.prompt,
        "duration": inputs.duration_s,
        "resolution": inputs.resolution,
    }
    if not inputs.references:
        return {"path": "text_to_video", "body": common}
    first = [{"uri": ReferenceSlot.at(0), "position": "first"}]
    return {"path": "image_to_video", "body": {**common, "promptImage": first}}


CARD = ModelCard(
    id="runway/h3-max",
    title="H3 max",
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
