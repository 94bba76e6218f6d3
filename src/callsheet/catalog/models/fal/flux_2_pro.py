"""FLUX.2 pro on fal: pictures from words."""

from typing import Any, Final

from callsheet.catalog.forms import Form, Seed
from callsheet.catalog.shapes import nearest_preset
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.03")  # the presets are up to a megapixel, which is the first


class Inputs(Form, frozen=True):
    """What FLUX.2 pro can be asked for; the size chooses the nearest preset."""

    seed: Seed = 0


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/flux-2-pro",
        "input": {
            "prompt": inputs.prompt,
            "image_size": nearest_preset(inputs.width, inputs.height),
            "output_format": "png",
            "seed": inputs.seed,
        },
    }


CARD = ModelCard(
    id="fal/flux-2-pro",
    title="FLUX.2 pro",
    provider="fal",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="fal's pricing endpoint of 2026-10-26, read 2026-11-30",
)
