"""Clarity upscaler on fal: a picture at twice its sides."""

from typing import Any, Final

from callsheet.catalog.forms import GivenForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_MEGAPIXEL: Final = Money.usd("0.03")
MEGAPIXELS: Final = 4  # of what comes out, where a picture of about one goes in


class Inputs(GivenForm, frozen=True):
    """What the Clarity upscaler can be asked for; words, if any, say what is seen."""


def price(_inputs: Inputs) -> Money:
    """Estimate the pixels that come out."""
    return PER_MEGAPIXEL * MEGAPIXELS


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    words = {"prompt": inputs.prompt} if inputs.prompt else {}
    return {
        "model": "fal-ai/clarity-upscaler",
        "input": {"image_url": ReferenceSlot.at(0), "upscale_factor": 2, **words},
    }


CARD = ModelCard(
    id="fal/clarity-upscaler",
    title="Clarity upscaler",
    provider="fal",
    kinds=(Kind.UPSCALE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=30.0,
    time_limit_s=600.0,
    price_source="fal's price a megapixel, read 2026-11-30; the pixels are estimated",
    estimated=True,
)
