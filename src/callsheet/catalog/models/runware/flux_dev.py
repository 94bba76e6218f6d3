"""FLUX.1 dev on Runware: pictures from words."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Seed
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.0038")  # at 1024x1024 and 28 steps


class Inputs(Form, frozen=True):
    """What FLUX.1 dev can be asked for; sides are multiples of 64."""

    width: Annotated[int, Field(ge=256, le=2048, multiple_of=64, description="pixels")] = 1024
    height: Annotated[int, Field(ge=256, le=2048, multiple_of=64, description="pixels")] = 1024
    steps: Annotated[int, Field(ge=1, le=50)] = 28
    seed: Seed = 0


def price(inputs: Inputs) -> Money:
    """Price the computing: by pixels and steps, rounded up."""
    work = inputs.width * inputs.height * inputs.steps
    usual = 1024 * 1024 * 28
    return Money(-(-PER_IMAGE.micros * work // usual))


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the task as the model's page does."""
    return {
        "task": {
            "taskType": "imageInference",
            "model": "runware:101@1",
            "positivePrompt": inputs.prompt,
            "width": inputs.width,
            "height": inputs.height,
            "steps": inputs.steps,
            "seed": inputs.seed,
            "outputFormat": "PNG",
        }
    }


CARD = ModelCard(
    id="runware/flux-dev",
    title="FLUX.1 dev",
    provider="runware",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=5.0,
    price_source="runware.ai/docs/models/bfl-flux-1-dev/schema.json, read 2026-11-20",
)
