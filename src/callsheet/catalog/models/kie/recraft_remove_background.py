"""Recraft background removal on KIE.ai: a picture without its background."""

from typing import Any, Final

from callsheet.catalog.forms import GivenForm
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

PER_IMAGE: Final = Money.usd("0.005")


class Inputs(GivenForm, frozen=True):
    """What Recraft's background removal can be asked for."""


def price(_inputs: Inputs) -> Money:
    """Price each picture the same."""
    return PER_IMAGE


def payload(_inputs: Inputs) -> dict[str, Any]:
    """Word the order as the provider does."""
    given = {"image": ReferenceSlot.at(0)}
    return {"api": "jobs", "body": {"model": "recraft/remove-background", "input": given}}


CARD = ModelCard(
    id="kie/recraft-remove-background",
    title="Recraft background removal",
    provider="kie",
    kinds=(Kind.BACKGROUND_REMOVAL,),
    execution=Execution.WEBHOOK,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=8.0,
    time_limit_s=600.0,
    price_source="KIE's price pages of 2026-06 and 2026-08, read 2026-11-30",
)
