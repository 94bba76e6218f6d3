"""SDXL from words on ComfyUI: pictures from words, on a GPU of one's own."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Seed
from callsheet.catalog.own_gpus import GpuWork
from callsheet.catalog.workflows import filled_in
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

DURATION_S: Final = 8.0  # of an A100, for a million pixels at 100 steps
MOST_STEPS: Final = 100
Side = Annotated[int, Field(ge=256, le=2048, multiple_of=8, description="pixels")]


class Inputs(Form, frozen=True):
    """What the workflow can be asked for."""

    width: Side = 1024
    height: Side = 1024
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS)] = 25
    seed: Seed = 0


def work(inputs: Inputs) -> GpuWork:
    """Tell the work on one A100, by steps and pixels."""
    millions = inputs.width * inputs.height / 1024**2
    return GpuWork(inputs.steps / MOST_STEPS, DURATION_S * millions)


def price(inputs: Inputs) -> Money:
    """Estimate what the work costs."""
    return work(inputs).cost()


def payload(inputs: Inputs) -> dict[str, Any]:
    """Set the inputs of the workflow beside this file."""
    named = {
        "6.text": inputs.prompt,
        "3.steps": inputs.steps,
        "3.seed": inputs.seed,
        "5.width": inputs.width,
        "5.height": inputs.height,
    }
    return {
        "workflow": filled_in(__package__, "text_to_image.json", named),
        "usd_per_hour": work(inputs).usd_per_hour,
    }


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
    price_source="the cost model for GPUs of one's own, with prices read 2026-11-24",
    estimated=True,
)
