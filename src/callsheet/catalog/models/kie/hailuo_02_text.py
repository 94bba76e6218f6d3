"""Hailuo 02 pro from words on KIE.ai: clips from words."""

from typing import Any, Final

from callsheet.catalog.forms import WideForm
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_CLIP: Final = Money.usd("0.285")  # of six seconds at 1080p: it makes no other


class Inputs(WideForm, frozen=True):
    """What Hailuo 02 pro from words can be asked for."""


def price(_inputs: Inputs) -> Money:
    """Price each clip the same."""
    return PER_CLIP


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "hailuo/02-text-to-video-pro",
            "input": {
                "prompt": inputs.prompt,
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
    price_source="KIE's price list as recorded in August 2026, read 2026-11-30",
)
