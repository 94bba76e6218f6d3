"""Title and end card: words on a quiet ground, in any script, that fade in and out."""

from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image

from callsheet.drawing.animatic.planes import Planes, dip, planes_of
from callsheet.drawing.faces import Weight
from callsheet.drawing.typesetting import draw_text, set_text

_GROUND: Final = (18, 21, 27)
_INK: Final = (238, 234, 226)
_FAINT: Final = (150, 156, 166)
_ACCENT: Final = (224, 152, 72)
_FADE_S: Final = 0.4
_MOST_WIDTH: Final = 0.74


def card(
    words: str, note: str, size: tuple[int, int], index: int, frames: int, fps: float
) -> Planes:
    """Draw a frame of a card: words, and a note beneath them; both may be ""."""
    fade = max(1, round(_FADE_S * fps))
    shown = min(1.0, (index + 1) / fade, (frames - index) / fade)
    return dip(_still(words, note, size), 1 - shown)


@lru_cache(maxsize=4)
def _still(words: str, note: str, size: tuple[int, int]) -> Planes:
    width, height = size
    image = _ground(size)
    unit = min(width, height)
    block = set_text(
        words or " ",
        width * _MOST_WIDTH,
        height * 0.34,
        largest=round(unit * 0.105),
        smallest=round(unit * 0.04),
        most_lines=3,
        weight=Weight.BOLD,
    )
    top = height * 0.46 - block.height / 2
    draw_text(image, ((width - block.width) / 2, top), block, _INK, box_width=block.width)
    rule = round(unit * 0.006)
    at = round(top + block.height + unit * 0.045)
    across = round(unit * 0.12)
    image.paste(_ACCENT, ((width - across) // 2, at, (width + across) // 2, at + rule))
    if note:
        small = set_text(
            note,
            width * _MOST_WIDTH,
            height * 0.12,
            largest=round(unit * 0.036),
            smallest=round(unit * 0.024),
            most_lines=2,
        )
        left = (width - small.width) / 2
        draw_text(image, (left, at + unit * 0.035), small, _FAINT, box_width=small.width)
    return planes_of(image)


def _ground(size: tuple[int, int]) -> Image.Image:
    """Paint a dark ground that is a little lighter around its middle."""
    width, height = size
    x = np.linspace(-1, 1, width)[None, :]
    y = np.linspace(-1, 1, height)[:, None]
    glow = np.clip(1.25 - (x**2 + y**2) * 0.6, 0.45, 1.25)[..., None]
    return Image.fromarray((np.array(_GROUND) * glow).astype(np.uint8), "RGB")
