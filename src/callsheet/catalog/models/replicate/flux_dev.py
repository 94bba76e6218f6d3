"""FLUX.1 dev on Replicate: pictures from words, with all its knobs."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Seed
from callsheet.catalog.shapes import nearest_ratio
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.025")
RATIOS: Final = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
_SMALL_PIXELS: Final = 600 * 600


class Inputs(Form, frozen=True):
    """What FLUX.1 dev can be asked for; the size chooses ratio and megapixels."""

    steps: Annotated[int, Field(ge=1, le=50)] = 28
    guidance: Annotated[float, Field(ge=0, le=10)] = 3.0
    seed: Seed = 0


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the order as the model's page does."""
    small = inputs.width * inputs.height <= _SMALL_PIXELS
    return {
        "model": "black-forest-labs/flux-dev",
        "input": {
            "prompt": inputs.prompt,
            "aspect_ratio": nearest_ratio(inputs.width, inputs.height, RATIOS),
            "megapixels": "0.25" if small else "1",
            "num_outputs": 1,
            "num_inference_steps": inputs.steps,
            "guidance": inputs.guidance,
            "output_format": "png",
            "seed": inputs.seed,
        },
    }


CARD = ModelCard(
    id="replicate/flux-dev",
    title="FLUX.1 dev",
    provider="replicate",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=4.0,
    time_limit_s=600.0,
    price_source="a list of Replicate's prices, read 2026-11-20",
)
