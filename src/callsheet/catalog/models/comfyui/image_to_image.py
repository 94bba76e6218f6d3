"""SDXL from a picture on ComfyUI: a picture changed as the words say, on a GPU of one's own."""

from typing import Annotated, Any, Final

from pydantic import Field

from callsheet.catalog.forms import Form, Reference, Seed
from callsheet.catalog.workflows import filled_in
from callsheet.kernel.money import Money
from callsheet.ports.hosted import ReferenceSlot
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

GPU_SECOND: Final = Money.usd("0.0006")  # a rented GPU of the middle class
SECONDS: Final = 10  # for 25 steps of a million pixels there


class Inputs(Form, frozen=True):
    """What the workflow can be asked for."""

    steps: Annotated[int, Field(ge=1, le=100)] = 25
    seed: Seed = 0
    references: Annotated[tuple[Reference, ...], Field(min_length=1, max_length=1)]


def price(_inputs: Inputs) -> Money:
    """Price the seconds that such a picture takes on the GPU."""
    return GPU_SECOND * SECONDS


def payload(inputs: Inputs) -> dict[str, Any]:
    """Set the inputs of the workflow beside this file."""
    named = {
        "6.text": inputs.prompt,
        "3.steps": inputs.steps,
        "3.seed": inputs.seed,
        "10.image": ReferenceSlot.at(0),
    }
    return {"workflow": filled_in(__package__, "image_to_image.json", named)}


CARD = ModelCard(
    id="comfyui/image-to-image",
    title="SDXL from a picture",
    provider="comfyui",
    kinds=(Kind.IMAGE_EDIT,),
    execution=Execution.POLL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=1,
    reference_modes=frozenset({ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}),
    expected_s=10.0,
    time_limit_s=600.0,
    price_source="a stated price for a second of a rented GPU, set 2026-11-24",
)
