"""Kling 2 master on Kling's own API: clips from words, or from a first frame."""

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from callsheet.catalog.forms import Reference, WideForm
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_SECOND: Final = {"std": Money.usd("0.28"), "pro": Money.usd("0.28")}
RATIOS: Final = ("16:9", "9:16", "1:1")


class Inputs(WideForm, frozen=True):
    """What Kling 2 master can be asked for; the size chooses the nearest ratio."""

    prompt: Annotated[str, Field(min_length=1, max_length=2_500)]
    duration_s: Literal[5, 10] = 5
    mode: Literal["std", "pro"] = "std"
    references: Annotated[tuple[Reference, ...], Field(max_length=1)] = ()


def price(inputs: Inputs) -> Money:
    """Price each second by its mode."""
    return PER_SECOND[inputs.mode] * inputs.duration_s


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    common = {
        "model_name": "kling-v2-master",
        "prompt": inputs.prompt,
        "mode": inputs.mode,
        "duration": str(inputs.duration_s),
    }
    if inputs.references:
        body = {**common, "image": ReferenceSlot.at(0)}
        return {"path": "videos/image2video", "body": body}
    ratio = nearest_ratio(inputs.width, inputs.height, RATIOS)
    return {"path": "videos/text2video", "body": {**common, "aspect_ratio": ratio}}


CARD = ModelCard(
    id="kling/kling-v2-master",
    title="Kling 2 master",
    provider="kling",
    kinds=(Kind.TEXT_TO_VIDEO, Kind.IMAGE_TO_VIDEO),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.FIRST_FRAME}),
    expected_s=90.0,
    time_limit_s=1800.0,
    price_source="assumed",
    retires_on=date(2026, 8, 12),  # on its list no more
    successor="kling/kling-v3",
    unverified="the prices and fields of Kling's own API could not be read",
)
