"""Magnific precision upscaler v2 on Runway: a picture at twice its sides."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import GivenForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.25")  # of up to 4,096 pixels a side; what is larger costs 1.50


class Inputs(GivenForm, frozen=True):
    """What the Magnific upscaler can be asked for."""

    flavor: Literal["sublime", "photo", "photo_denoiser"] = "photo"


def price(_inputs: Inputs) -> Money:
    """Price each picture the same; one that would cost more is refused."""
    return PER_IMAGE


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the API's reference does."""
    return {
        "path": "image_upscale",
        "body": {
            "model": "magnific_precision_upscaler_v2",
            "imageUri": ReferenceSlot.at(0),
            "scaleFactor": 2,
            "flavor": inputs.flavor,
        },
    }


CARD = ModelCard(
    id="runway/magnific-precision-upscaler-v2",
    title="Magnific precision upscaler v2",
    provider="runway",
    kinds=(Kind.UPSCALE,),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=30.0,
    time_limit_s=600.0,
    price_source="Runway's price pages of 2026-08 and 2026-10, read 2026-11-30",
)
