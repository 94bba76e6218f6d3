"""Upscale on Runware: a picture at twice its sides."""

from typing import Any, Final

from callsheet.catalog.forms import GivenForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.01")  # the most of what is seen for pictures of up to 8 megapixels


class Inputs(GivenForm, frozen=True):
    """What Upscale can be asked for."""


def price(_inputs: Inputs) -> Money:
    """Estimate each picture the same: it is billed by computing time."""
    return PER_IMAGE


def payload(_inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "task": {
            "taskType": "upscale",
            "model": "runware:501@1",
            "inputs": {"image": ReferenceSlot.at(0)},
            "upscaleFactor": 2,
            "outputFormat": "PNG",
        }
    }


CARD = ModelCard(
    id="runware/upscale",
    title="Upscale",
    provider="runware",
    kinds=(Kind.UPSCALE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=5.0,
    time_limit_s=600.0,
    price_source="estimate: upscaling there costs 0.005 to 0.01 dollars, read 2026-11-30",
    estimated=True,
)
