"""What `callsheet composite` may be told: its options, and the spec that they make."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.ports.compositing import (
    Box,
    CompositeSpec,
    Holes,
    PhotographedShadow,
    Wish,
    read_place,
)

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")


class Method(StrEnum):
    """How composites are made."""

    AUTO = "auto"
    KONTEXT = "kontext"
    PIL = "pil"


Products = Annotated[
    list[Path], typer.Option(help="A product's picture, or a folder; again for each product.")
]
SceneFile = Annotated[Path, typer.Option(help="A scene's picture, or a folder of scenes.")]
Out = Annotated[Path, typer.Option(help="The picture to write (.png, .jpg, .webp), or a folder.")]
Places = Annotated[
    list[str] | None,
    typer.Option(
        help='"x,y,width", or an anchor such as "left third" or "table"; in the order of the'
        " products."
    ),
]
Seed = Annotated[int, typer.Option(help="For grain; the same seed gives the same bytes.")]
Match = Annotated[
    float, typer.Option(min=0, max=1, help="How far colours follow the scene; 0: not at all.")
]
Strength = Annotated[float, typer.Option(min=0, max=1, help="Strength of shadows.")]
LightFrom = Annotated[
    float | None,
    typer.Option(help="Where light comes from, degrees clockwise from above; else as seen."),
]
Gloss = Annotated[
    float, typer.Option(min=0, max=1, help="Share of light that a glossy ground mirrors.")
]
HeightCm = Annotated[float | None, typer.Option(min=0.1, help="Real height of the products.")]
SceneCm = Annotated[
    float | None, typer.Option(min=0.1, help="Real width of the scene where they stand.")
]
Brand = Annotated[
    list[str] | None, typer.Option(help="A colour, #rrggbb, that matching must leave alone.")
]
SeenThrough = Annotated[Holes, typer.Option(help="See through enclosed ground.")]
PhotoShadow = Annotated[PhotographedShadow, typer.Option(help="The shadow in the product's photo.")]
Layers = Annotated[
    bool, typer.Option("--layers", help="Write layers and recipe beside the picture.")
]
ByMethod = Annotated[
    Method | None,
    typer.Option(help="auto, kontext (hosted, for money) or pil (here); left out: as set."),
]
Prompt = Annotated[str, typer.Option(help="What a hosted model is told.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before spending.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Told:
    """What is the same for all products of a command."""

    places: Sequence[str]
    height_cm: float | None
    holes: Holes
    photographed_shadow: PhotographedShadow

    def wishes(self, products: int) -> tuple[Wish, ...]:
        """Word a wish for each product. Raises InvalidInputError."""
        if len(self.places) > products:
            reason = f"{len(self.places)} places for {products} products"
            raise InvalidInputError(reason, [FieldError("place", reason)])
        read: list[Box | str] = [read_place(each) for each in self.places]
        read += [""] * (products - len(read))
        return tuple(
            Wish(each, self.height_cm, self.holes, self.photographed_shadow) for each in read
        )


def brand_colour(given: str) -> str:
    """Read a colour such as ``#d4002a``. Raises InvalidInputError."""
    if not _COLOUR.fullmatch(given):
        reason = "is not a colour such as #d4002a"
        raise InvalidInputError(f"brand {given!r} {reason}", [FieldError("brand", reason, given)])
    return given.lower()


def inputs_of(spec: CompositeSpec) -> dict[str, Any]:
    """Word what the local compositor is asked for as the inputs of its model."""
    first = spec.wishes[0]
    written = [
        f"{place.x:g},{place.y:g},{place.width:g}" if isinstance(place, Box) else place
        for place in (wish.place for wish in spec.wishes)
    ]
    return {
        "places": written,
        "seed": spec.seed,
        "match": spec.match,
        "shadow": spec.shadow,
        "light": spec.light,
        "reflection": spec.reflection,
        "height_cm": first.height_cm,
        "scene_cm": spec.scene_cm,
        "brand_colours": list(spec.brand_colours),
        "holes": first.holes,
        "photographed_shadow": first.photographed_shadow,
    }
