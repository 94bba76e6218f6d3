"""The local compositor: products in a scene, at no cost; what a hosted composite falls back to."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from callsheet.catalog.forms import Reference, Seed
from callsheet.kernel.money import Money
from callsheet.ports.compositing import Holes, PhotographedShadow, read_place
from callsheet.ports.models import Execution, Kind, ModelCard
from callsheet.ports.pictures import ReferenceMode

Share = Annotated[float, Field(ge=0, le=1)]
Centimetres = Annotated[float, Field(ge=0.1, le=100_000)]


class Inputs(BaseModel, extra="forbid", frozen=True):
    """What a local composite can be asked for.

    References in the mode `product` are products, from the back to the front; the scene is the
    first of another mode, or else the first of all. `places` are theirs, in the same order:
    ``x,y,width`` or an anchor such as ``left third``. With `answered` the last reference is what
    a hosted model made of the others; `fell_back` says why none is used, as a code
    and a sentence. `hosted_model` is who is asked first where a row is to be hosted.
    """

    prompt: Annotated[str, Field(max_length=8_000)] = ""
    references: Annotated[tuple[Reference, ...], Field(min_length=2, max_length=6)]
    places: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=5)] = ()
    seed: Seed = 0
    match: Share = 1.0
    shadow: Share = 1.0
    reflection: Share = 0.0
    light: Annotated[float, Field(ge=0, lt=360)] | None = None
    height_cm: Centimetres | None = None
    scene_cm: Centimetres | None = None
    brand_colours: Annotated[
        tuple[Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")], ...], Field(max_length=16)
    ] = ()
    holes: Holes = Holes.AUTO
    photographed_shadow: PhotographedShadow = PhotographedShadow.AUTO
    answered: bool = False
    fell_back: Annotated[str, Field(max_length=400)] = ""
    hosted_model: Annotated[str, Field(max_length=200)] = ""
    output_format: Literal["png", "jpeg", "webp"] = "png"

    @model_validator(mode="after")
    def _places_are_some(self) -> Self:
        products = len(self.references) - 1 - self.answered
        if products < 1:
            raise ValueError("a composite needs a scene and a product")
        if len(self.places) > products:
            raise ValueError(f"{len(self.places)} places for {products} products")
        for place in self.places:
            read_place(place)
        return self


def price(_inputs: Inputs) -> Money:
    """Composing at home costs nothing."""
    return Money()


def payload(inputs: Inputs) -> Mapping[str, Any]:
    """Word the composite for the local studio; pictures travel beside it."""
    asked = inputs.model_dump(mode="json", exclude={"prompt", "references", "hosted_model"})
    return {"draw": "composite", **asked}


CARD = ModelCard(
    id="local/composite",
    title="Local composite",
    provider="local",
    kinds=(Kind.COMPOSITE,),
    execution=Execution.LOCAL,
    inputs=Inputs,
    price=price,
    payload=payload,
    max_references=6,
    reference_modes=frozenset(
        {ReferenceMode.STYLE_ONLY, ReferenceMode.SUBJECT, ReferenceMode.PRODUCT}
    ),
    expected_s=0.8,
    limits={"max_side": 8_192},
)
