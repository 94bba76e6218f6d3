"""Hailuo 02 pro from words on KIE.ai: clips from words."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import WideForm
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = Money.usd("0.06")


class Inputs(WideForm, frozen=True):
    """What Hailuo 02 pro from words can be asked for."""

    duration_s: Literal[6, 10] = 6


def price(inputs: Inputs) -> Money:
    """Price each second the same."""
    return PER_SECOND * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "hailuo/02-text-to-video-pro",
            "input": {
                "prompt": inputs.prompt,
                "duration": str(inputs.duration_s),
            },
        },
    }


CARD = ModelCard(
    id="kie/hailuo-02-text",
    title="Hailuo 02 pro from words",
    provider="kie",
    kinds=(Kind.TEXT_TO_VIDEO,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="assumed",
    unverified="its price on KIE could not be read",
)
