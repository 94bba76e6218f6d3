"""Wan 2.5 from words on KIE.ai: clips from words."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = {"720p": Money.usd("0.06"), "1080p": Money.usd("0.10")}
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Wan 2.5 from words can be asked for; the size chooses the nearest ratio."""

    duration_s: Literal[5, 10] = 5
    resolution: Literal["720p", "1080p"] = "720p"


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "wan/2-5-text-to-video",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "duration": str(inputs.duration_s),
                "resolution": inputs.resolution,
            },
        },
    }


CARD = ModelCard(
    id="kie/wan-2-5-text",
    title="Wan 2.5 from words",
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
