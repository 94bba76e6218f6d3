"""Seedream 5 pro on Runway: pictures from words."""

from typing import Any, Final

from callsheet.catalog.forms import Form
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.05")
RATIOS: Final = (
    "1024:1024",
    "1184:896",
    "896:1184",
    "1376:768",
    "768:1376",
    "1296:864",
    "864:1296",
)


class Inputs(Form, frozen=True):
    """What Seedream 5 pro can be asked for; the size chooses the nearest ratio."""


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    return {
        "path": "text_to_image",
        "body": {
            "model": "seedream5_pro",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
        },
    }


CARD = ModelCard(
    id="runway/seedream5-pro",
    title="Seedream 5 pro",
    provider="runway",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=20.0,
    time_limit_s=600.0,
    price_source="Runway's image table of August 2026, read 2026-11-30",
)
