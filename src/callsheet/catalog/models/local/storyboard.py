"""The local storyboard frame: what a dry run shows, and a free last resort."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from callsheet.kernel.money import Money
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

Side = Annotated[int, Field(ge=256, le=4096, description="pixels")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reference(BaseModel, extra="forbid", frozen=True):
    """A picture of ours that guides the frame."""

    sha256: Sha256
    working: Sha256
    mode: ReferenceMode = ReferenceMode.STYLE_ONLY


class Inputs(BaseModel, extra="forbid", frozen=True):
    """What a storyboard frame can be asked for."""

    prompt: Annotated[str, Field(min_length=1, max_length=8_000)]
    width: Side = 1024
    height: Side = 1024
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    references: Annotated[tuple[Reference, ...], Field(max_length=6)] = ()
    scene: Annotated[str, Field(max_length=200)] = ""
    variant: Annotated[int, Field(ge=1, le=100)] = 1
    variants: Annotated[int, Field(ge=1, le=100)] = 1
    notes: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=4)] = ()


def price(_inputs: Inputs) -> Money:
    """Drawing at home costs nothing."""
    return Money()


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the frame for the studio; references travel beside it."""
    return {"draw": "frame", **inputs.model_dump(exclude={"references"})}


CARD = ModelCard(
    id="local/storyboard",
    title="Local storyboard frame",
    provider="local",
    kinds=(Kind.TEXT_TO_IMAGE,),
    execution=Execution.LOCAL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(ReferenceMode),
    expected_s=0.2,
    limits={"min_side": 256, "max_side": 4096},
)
