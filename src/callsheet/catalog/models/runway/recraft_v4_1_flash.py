"""Recraft V4.1 flash on Runway: pictures from words."""

from typing import Any, Final

from callsheet.catalog.forms import Form, Seed
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.05")
RATIOS: Final = (
    "1024:1024",
    "1536:768",
    "768:1536",
    "1280:896",
    "896:1280",
    "1216:896",
    "896:1216",
    "832:1344",
    "1344:768",
    "768:1344",
)


class Inputs(Form, frozen=True):
    """What Recraft V4.1 flash can be asked for; the size chooses the nearest ratio."""

    seed: Seed = 0


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    return {
        "path": "text_to_image",
        "body": {
            "model": "recraft_v4_1_flash",
            "promptText": inputs.prompt,
            "ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "seed": inputs.seed,
        },
    }


CARD = ModelCard(
    id="runway/recraft-v4-1-flash",
    title="Recraft V4.1 flash",
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
    price_source="assumed",
    unverified="Runway tells its price only when an order is accepted; this one is assumed",
)
