"""SDXL from words on ComfyUI: pictures from words, on a GPU of one's own."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Seed
from callsheet.catalog.workflows import filled_in
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

GPU_SECOND: Final = Money.usd("0.0006")  # a rented GPU of the middle class
SECONDS: Final = 10  # for 25 steps of a million pixels there
Side = Annotated[int, Field(ge=256, le=2048, multiple_of=8, description="pixels")]


class Inputs(Form, frozen=True):
    """What the workflow can be asked for."""

    width: Side = 1024
    height: Side = 1024
    steps: Annotated[int, Field(ge=1, le=100)] = 25
    seed: Seed = 0


def price(_inputs: Inputs) -> Money:
    """Price the seconds that such a picture takes on the GPU."""
    return GPU_SECOND * SECONDS


def payload(inputs: Inputs) -> dict[str, Any]:
    """Set the inputs of the workflow beside this file."""
    named = {
        "6.text": inputs.prompt,
        "3.steps": inputs.steps,
        "3.seed": inputs.seed,
        "5.width": inputs.width,
        "5.height": inputs.height,
    }
    return {"workflow": filled_in(__package__, "text_to_image.json", named)}


CARD = ModelCard(
    id="comfyui/text-to-image",
    title="SDXL from words",
    provider="comfyui",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=10.0,
    time_limit_s=600.0,
    price_source="a stated price for a second of a rented GPU, set 2026-11-24",
)
