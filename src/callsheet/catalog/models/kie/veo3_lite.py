"""Veo 3 lite on KIE.ai: clips from words, or from a first frame."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_CLIP: Final = Money.usd("0.15")
RATIOS: Final = ("16:9", "9:16")


class Inputs(WideForm, frozen=True):
    """What Veo 3 lite can be asked for; the size chooses the nearest ratio."""

    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(_inputs: Inputs) -> Money:
    """Price each clip the same."""
    return PER_CLIP


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    begin = {"imageUrls": [ReferenceSlot.at(0)]} if inputs.references else {}
    return {
        "api": "veo",
        "body": {
            "model": "veo3_lite",
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            **begin,
        },
    }


CARD = ModelCard(
    id="kie/veo3-lite",
    title="Veo 3 lite",
    provider="kie",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="KIE's tariff as recorded in October 2026, read 2026-11-30",
)
