"""A single grey pixel: makes nothing, so that the line around it can be measured."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard


class Inputs(BaseModel, extra="forbid", frozen=True):
    """A prompt is accepted and ignored."""

    prompt: Annotated[str, Field(min_length=1, max_length=8_000)]


def price(_inputs: Inputs) -> Money:
    """Nothing is made, nothing is paid."""
    return Money()


def payload(_inputs: Inputs) -> Mapping[str, Any]:
    """Ask for the dot."""
    return {"draw": "dot"}


CARD = ModelCard(
    id="local/dot",
    title="One grey pixel",
    provider="local",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.LOCAL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=0,
    reference_modes=frozenset(),
    expected_s=0.005,
    listed=False,
)
