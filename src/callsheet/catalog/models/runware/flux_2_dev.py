"""FLUX.2 dev on Runware: pictures from words."""

from typing import Any, Final

from callsheet.catalog.forms import Form, Seed
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.0134")


class Inputs(Form, frozen=True):
    """What FLUX.2 dev can be asked for."""

    seed: Seed = 0


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "task": {
            "taskType": "imageInference",
            "model": "runware:400@1",
            "positivePrompt": inputs.prompt,
            "width": inputs.width,
            "height": inputs.height,
            "seed": inputs.seed,
            "outputFormat": "PNG",
        }
    }


CARD = ModelCard(
    id="runware/flux-2-dev",
    title="FLUX.2 dev",
    provider="runware",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=15.0,
    time_limit_s=600.0,
    price_source="assumed",
    unverified="its price on Runware could not be read; it is assumed",
)
