"""Kling 2.5 Turbo pro from words on KIE.ai: clips from words."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = Money.usd("0.042")
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Kling 2.5 Turbo pro from words can be asked for; the size chooses the nearest ratio."""

    duration_s: Literal[5, 10] = 5


def price(inputs: Inputs) -> Money:
    """Price each second the same."""
    return PER_SECOND * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "kling/v2-5-turbo-text-to-video-pro",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "duration": str(inputs.duration_s),
            },
        },
    }


CARD = ModelCard(
    id="kie/kling-v2-5-turbo-text",
    title="Kling 2.5 Turbo pro from words",
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
    price_source="KIE's tariff as recorded in October 2026, read 2026-11-30",
)
