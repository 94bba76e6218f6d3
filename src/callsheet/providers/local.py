"""The local studio as a provider: frames, composites and text previews, free and always there."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

from callsheet.kernel.errors import InvalidInputError
from callsheet.ports.compositing import (
    Composite,
    CompositeSpec,
    Compositor,
    Holes,
    PhotographedShadow,
    Status,
    Wish,
    read_place,
)
from callsheet.ports.models import Delivered, Order, RefusedError
from callsheet.ports.pictures import FrameReference, FrameSpec, ReferenceMode, Studio

_DOT: Final = base64.b64decode(  # a 1x1 grey PNG
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)

_NOTE_CHARS: Final = 400


class LocalStudio:
    """Implements ports.models.Provider.

    The payload's `draw` says `frame`, `composite`, `text` or `dot`.
    """

    name = "local"

    def __init__(self, studio: Studio, compositor: Compositor) -> None:
        self._studio = studio
        self._compositor = compositor

    async def submit(self, order: Order) -> Delivered:
        """Draw what the payload asks for."""
        wish = dict(order.payload)
        match wish.pop("draw", None):
            case "frame":
                spec = FrameSpec(**{**wish, "notes": tuple(wish.get("notes", ()))})
                return Delivered(await self._studio.frame(spec, order.references), "image/png")
            case "composite":
                return await self._composite(wish, order.references)
            case "text":
                return Delivered(str(wish["text"]).encode(errors="replace"), "text/plain")
            case "dot":
                return Delivered(_DOT, "image/png")
            case other:
                raise RefusedError(self.name, f"cannot draw {other!r}")

    async def _composite(
        self, wish: Mapping[str, Any], references: Sequence[FrameReference]
    ) -> Delivered:
        scene, *files = _scene_first(references)
        try:
            spec = _spec(wish, len(files) - wish["answered"])
            made = await self._compositor.composite(scene, files, spec)
        except InvalidInputError as error:
            raise RefusedError(self.name, str(error)) from error
        return Delivered(made.picture, made.media_type, _note(made, wish["fell_back"]))


def _scene_first(references: Sequence[FrameReference]) -> list[bytes]:
    """Put the scene before the products: the first that is in another mode than a product's."""
    others = (at for at, each in enumerate(references) if each.mode is not ReferenceMode.PRODUCT)
    scene = next(others, 0)
    rest = [each.picture for at, each in enumerate(references) if at != scene]
    return [references[scene].picture, *rest]


def _spec(wish: Mapping[str, Any], products: int) -> CompositeSpec:
    places = [*wish["places"], *[""] * products][:products]
    holes, kept = Holes(wish["holes"]), PhotographedShadow(wish["photographed_shadow"])
    return CompositeSpec(
        tuple(Wish(read_place(place), wish["height_cm"], holes, kept) for place in places),
        media_type=f"image/{wish['output_format']}",
        seed=wish["seed"],
        match=wish["match"],
        shadow=wish["shadow"],
        light=wish["light"],
        reflection=wish["reflection"],
        scene_cm=wish["scene_cm"],
        brand_colours=tuple(wish["brand_colours"]),
        answered=wish["answered"],
    )


def _note(made: Composite, fell_back: str) -> str | None:
    """Say on the take what became of a hosted answer, and what a person should look at."""
    said = [f"made here, not hosted: {fell_back[: _NOTE_CHARS // 2]}"] if fell_back else []
    said += [] if made.way == "local" else [f"hosted answer {made.way}"]
    said += made.notes
    bad = [each.check for each in made.findings if each.status is Status.FAIL]
    said += [f"look at: {', '.join(bad)}"] if bad else []
    return "; ".join(said)[:_NOTE_CHARS] or None
