"""Background removal on Runware: a picture without its background."""

from typing import Any, Final

from callsheet.catalog.forms import GivenForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.005")


class Inputs(GivenForm, frozen=True):
    """What Background removal can be asked for."""


def price(_inputs: Inputs) -> Money:
    """Estimate each picture the same: it is billed by computing time."""
    return PER_IMAGE


def payload(_inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "task": {
            "taskType": "removeBackground",
            "model": "runware:112@5",
            "inputs": {"image": ReferenceSlot.at(0)},
            "outputFormat": "PNG",
        }
    }


CARD = ModelCard(
    id="runware/background-removal",
    title="Background removal",
    provider="runware",
    kinds=(Kind.BACKGROUND_REMOVAL,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=5.0,
    time_limit_s=600.0,
    price_source="estimate: what others ask for the same (BiRefNet) model, read 2026-11-30",
    estimated=True,
)
