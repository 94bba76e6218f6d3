"""The local studio as a provider: storyboard frames and text previews, free and always there."""

import base64
from typing import Final

from callsheet.ports.models import Delivered, Order, RefusedError
from callsheet.ports.pictures import FrameSpec, Studio

_DOT: Final = base64.b64decode(  # a 1x1 grey PNG
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


class LocalStudio:
    """Implements ports.models.Provider; the payload's `draw` says `frame`, `text` or `dot`."""

    name = "local"

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def submit(self, order: Order) -> Delivered:
        """Draw what the payload asks for."""
        wish = dict(order.payload)
        match wish.pop("draw", None):
            case "frame":
                spec = FrameSpec(**{**wish, "notes": tuple(wish.get("notes", ()))})
                return Delivered(await self._studio.frame(spec, order.references), "image/png")
            case "text":
                return Delivered(str(wish["text"]).encode(errors="replace"), "text/plain")
            case "dot":
                return Delivered(_DOT, "image/png")
            case other:
                raise RefusedError(self.name, f"cannot draw {other!r}")
