"""BiRefNet v2 on fal: a picture without its background."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import GivenForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.005")


class Inputs(GivenForm, frozen=True):
    """What BiRefNet v2 can be asked for."""

    variant: Literal["General Use (Light)", "General Use (Heavy)", "Matting", "Portrait"] = (
        "General Use (Light)"
    )


def price(_inputs: Inputs) -> Money:
    """Estimate each picture the same: it is billed by computing time."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    return {
        "model": "fal-ai/birefnet/v2",
        "input": {
            "image_url": ReferenceSlot.at(0),
            "model": inputs.variant,
            "output_format": "png",
        },
    }


CARD = ModelCard(
    id="fal/birefnet-v2",
    title="BiRefNet v2",
    provider="fal",
    kinds=(Kind.BACKGROUND_REMOVAL,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=8.0,
    time_limit_s=600.0,
    price_source="estimate: fal's price as one client has it, read 2026-11-30",
    estimated=True,
)
