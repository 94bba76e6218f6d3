"""Captions burnt into a frame: letters with a dark edge, inside the frame's safe area."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from callsheet.drawing.animatic.cues import CaptionCue
from callsheet.drawing.animatic.planes import Plane, Planes
from callsheet.drawing.faces import Weight
from callsheet.drawing.typesetting import draw_text, set_text


def burn(planes: Planes, cue: CaptionCue) -> Planes:
    """Draw a caption into a frame, inside its safe area, with a dark edge around the letters."""
    ink, edge = _drawn(cue.lines, planes.size)
    y = planes.y.astype(np.uint16)
    y = (y * (255 - edge) + 16 * edge) // 255
    y = (y * (255 - ink) + 235 * ink) // 255
    cover = np.maximum(ink, edge)[::2, ::2]
    return Planes(y.astype(np.uint8), _greyed(planes.u, cover), _greyed(planes.v, cover))


def _greyed(plane: Plane, cover: NDArray[np.uint16]) -> Plane:
    return ((plane.astype(np.uint16) * (255 - cover) + 128 * cover) // 255).astype(np.uint8)


@lru_cache(maxsize=8)
def _drawn(
    lines: tuple[str, ...], size: tuple[int, int]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    width, height = size
    letters = Image.new("RGB", size)
    unit = min(width, height)
    block_size = round(unit * 0.058)
    bottom = height * (0.92 if width >= height else 0.82)  # a phone's buttons lie below
    for number, text in enumerate(reversed(lines)):
        block = set_text(
            text,
            width * 0.92,
            block_size * 2,
            largest=block_size,
            smallest=round(unit * 0.03),
            most_lines=1,
            weight=Weight.BOLD,
        )
        top = bottom - (number + 1) * block_size * 1.3
        draw_text(letters, ((width - block.width) / 2, top), block, (255, 255, 255))
    ink = letters.convert("L")
    edge = ink.filter(ImageFilter.MaxFilter(2 * max(1, unit // 300) + 1)).filter(
        ImageFilter.GaussianBlur(max(1.0, unit / 400))
    )
    dark = np.clip(np.asarray(edge, np.float32) * 1.5, 0, 235)
    return np.asarray(ink, np.uint16), dark.astype(np.uint16)
