"""FLUX.1 schnell on Runware: the cheap first draft."""

from typing import Any, Final

from callsheet.catalog.forms import Form, Seed
from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard

PER_IMAGE: Final = Money.usd("0.0006")


class Inputs(Form, frozen=True):
    """What FLUX.1 schnell can be asked for."""

    seed: Seed = 0


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "task": {
            "taskType": "imageInference",
            "model": "runware:100@1",
            "positivePrompt": inputs.prompt,
            "width": inputs.width,
            "height": inputs.height,
            "seed": inputs.seed,
            "outputFormat": "PNG",
        }
    }


CARD = ModelCard(
    id="runware/flux-schnell",
    title="FLUX.1 schnell",
    provider="runware",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=3.0,
    time_limit_s=600.0,
    price_source="runware.ai/pricing of 2026-04 (0.0006 dollars), read 2026-11-30",
)
