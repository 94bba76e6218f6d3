"""Seedance 1 pro from words on KIE.ai: clips from words."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_SECOND: Final = {"480p": Money.usd("0.014"), "720p": Money.usd("0.03")}
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Seedance 1 pro from words can be asked for; the size chooses the nearest ratio."""

    duration_s: Annotated[int, Field(ge=3, le=12, description="seconds")] = 5
    resolution: Literal["480p", "720p"] = "720p"


def price(inputs: Inputs) -> Money:
    """Price each second by its resolution."""
    return PER_SECOND[inputs.resolution] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "api": "jobs",
        "body": {
            "model": "bytedance/v1-pro-text-to-video",
            "input": {
                "prompt": inputs.prompt,
                "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
                "duration": str(inputs.duration_s),
                "resolution": inputs.resolution,
            },
        },
    }


CARD = ModelCard(
    id="kie/seedance-v1-pro-text",
    title="Seedance 1 pro from words",
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
    price_source="KIE's tariff as recorded in September 2026, read 2026-11-30",
)
