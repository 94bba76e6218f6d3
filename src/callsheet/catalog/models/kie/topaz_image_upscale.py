"""Topaz image upscale on KIE.ai: a picture at more pixels."""

from typing import Any, Final, Literal

from callsheet.catalog.forms import GivenForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

# by how much larger the sides of a picture of about a megapixel become
PER_IMAGE: Final = {"2": Money.usd("0.05"), "4": Money.usd("0.10"), "8": Money.usd("0.20")}


class Inputs(GivenForm, frozen=True):
    """What Topaz can be asked for."""

    factor: Literal["2", "4", "8"] = "2"


def price(inputs: Inputs) -> Money:
    """Estimate by the factor: it is paid by what comes out, to 2K, 4K and 8K."""
    return PER_IMAGE[inputs.factor]


def payload(inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    given = {"image_url": ReferenceSlot.at(0), "upscale_factor": inputs.factor}
    return {"api": "jobs", "body": {"model": "topaz/image-upscale", "input": given}}


CARD = ModelCard(
    id="kie/topaz-image-upscale",
    title="Topaz image upscale",
    provider="kie",
    kinds=(Kind.UPSCALE,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=30.0,
    time_limit_s=600.0,
    price_source="KIE's price page of 2026-08, read 2026-11-30; pixels are estimated",
    estimated=True,
)
