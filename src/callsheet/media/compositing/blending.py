"""Layers laid on a scene, in linear light, a strip of rows at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from callsheet.media.compositing.fields import resized
from callsheet.media.compositing.light import Bytes, Plane, as_bytes, linear

Box = tuple[int, int, int, int]  # left, top, right, bottom
_STRIP: Final = 192  # rows at once: bounds the memory of a large scene


@dataclass(frozen=True, slots=True)
class Dimming:
    """Light taken from what lies beneath: `lost` from 0 to 1 over a box, by channel `tint`."""

    lost: Plane
    box: Box
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Pixels laid over what lies beneath: colours in sRGB, alpha 0 to 255, and their corner."""

    rgb: Bytes
    alpha: Bytes
    left: int
    top: int

    @property
    def box(self) -> Box:
        """Where it lies."""
        height, width = self.alpha.shape
        return self.left, self.top, self.left + width, self.top + height


Layer = Dimming | Sheet


def lay(scene: Bytes, layers: Sequence[Layer]) -> None:
    """Lay layers on a scene, in place, from the back to the front.

    Where nothing lies, and where an opaque pixel of a sheet lies, bytes stay exactly what they are.
    """
    height, width = scene.shape[:2]
    boxes = [_clipped(layer.box, width, height) for layer in layers]
    boxes = [box for box in boxes if box[0] < box[2] and box[1] < box[3]]
    if not boxes:
        return
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[2] for box in boxes), max(box[3] for box in boxes)
    for row in range(top, bottom, _STRIP):
        strip = (left, row, right, min(row + _STRIP, bottom))
        part = scene[strip[1] : strip[3], left:right]
        light = linear(part)
        for layer in layers:
            if isinstance(layer, Dimming):
                _dim(light, strip, layer)
            else:
                _cover(light, strip, layer)
        part[...] = as_bytes(light)


def _clipped(box: Box, width: int, height: int) -> Box:
    return max(0, box[0]), max(0, box[1]), min(width, box[2]), min(height, box[3])


def _common(one: Box, other: Box) -> Box | None:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]), min(one[3], other[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def _dim(light: Plane, strip: Box, layer: Dimming) -> None:
    box = _common(strip, layer.box)
    if box is None:
        return
    rows, columns = layer.lost.shape
    across = columns / (layer.box[2] - layer.box[0])
    down = rows / (layer.box[3] - layer.box[1])
    source = (
        (box[0] - layer.box[0]) * across,
        (box[1] - layer.box[1]) * down,
        (box[2] - layer.box[0]) * across,
        (box[3] - layer.box[1]) * down,
    )
    lost = resized(layer.lost, (box[2] - box[0], box[3] - box[1]), source)
    part = _part(light, strip, box)
    for each, tint in enumerate(layer.tint):
        part[..., each] *= 1 - lost * np.float32(tint)


def _cover(light: Plane, strip: Box, layer: Sheet) -> None:
    box = _common(strip, layer.box)
    if box is None:
        return
    inside = np.s_[
        box[1] - layer.top : box[3] - layer.top, box[0] - layer.left : box[2] - layer.left
    ]
    alpha = layer.alpha[inside]
    part = _part(light, strip, box)
    over = linear(layer.rgb[inside])
    solid = alpha == 255  # noqa: PLR2004  # opaque
    part[solid] = over[solid]
    edge = (alpha > 0) & ~solid
    if edge.any():
        share = alpha[edge].astype(np.float32)[:, None] / np.float32(255)
        part[edge] += (over[edge] - part[edge]) * share


def _part(light: Plane, strip: Box, box: Box) -> Plane:
    return light[box[1] - strip[1] : box[3] - strip[1], box[0] - strip[0] : box[2] - strip[0]]
