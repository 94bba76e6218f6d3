"""A frame as planes: Y, and U and V at half its size, 8 bit, BT.709 in the limited range."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.uint8]
BLACK = 16
GREY = 128
_KR, _KB = 0.2126, 0.0722  # ITU-R BT.709-6, 3.2


@dataclass(frozen=True, slots=True)
class Planes:
    """One frame: `y` of shape (height, width), `u` and `v` of half of each; sides are even."""

    y: Plane
    u: Plane
    v: Plane

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.y.shape[1], self.y.shape[0]


def planes_of(image: Image.Image) -> Planes:
    """Convert an RGB picture; an odd last row or column is left out."""
    width, height = image.width // 2 * 2, image.height // 2 * 2
    rgb = np.asarray(image.convert("RGB").crop((0, 0, width, height)), np.float32) / 255
    luma = rgb @ np.array([_KR, 1 - _KR - _KB, _KB], np.float32)
    blue = (rgb[..., 2] - luma) / (2 * (1 - _KB))
    red = (rgb[..., 0] - luma) / (2 * (1 - _KR))
    return Planes(
        _bytes(BLACK + 219 * luma),
        _bytes(GREY + 224 * _half(blue)),
        _bytes(GREY + 224 * _half(red)),
    )


def image_of(planes: Planes) -> Image.Image:
    """Convert back to RGB, for pictures that people look at."""
    luma = (planes.y.astype(np.float32) - BLACK) / 219
    blue, red = (
        (each.repeat(2, 0).repeat(2, 1).astype(np.float32) - GREY) / 224
        for each in (planes.u, planes.v)
    )
    r = luma + 2 * (1 - _KR) * red
    b = luma + 2 * (1 - _KB) * blue
    g = (luma - _KR * r - _KB * b) / (1 - _KR - _KB)
    return Image.fromarray(_bytes(np.stack([r, g, b], axis=-1) * 255), "RGB")


def filled(size: tuple[int, int], y: int = BLACK, u: int = GREY, v: int = GREY) -> Planes:
    """Make a frame of one colour."""
    width, height = size
    half = (height // 2, width // 2)
    return Planes(
        np.full((height, width), y, np.uint8),
        np.full(half, u, np.uint8),
        np.full(half, v, np.uint8),
    )


def blend(first: Planes, second: Planes, weight: float) -> Planes:
    """Cross-fade: 0 is the first frame, 1 the second."""
    if weight <= 0 or weight >= 1:
        return first if weight <= 0 else second
    share = round(weight * 256)
    pairs = zip(_three(first), _three(second), strict=True)
    mixed = [
        ((a.astype(np.uint16) * (256 - share) + b.astype(np.uint16) * share) >> 8).astype(np.uint8)
        for a, b in pairs
    ]
    return Planes(*mixed)


def dip(planes: Planes, weight: float) -> Planes:
    """Fade to black: 0 is the frame, 1 is black."""
    return blend(planes, filled(planes.size), weight)


def _three(planes: Planes) -> tuple[Plane, Plane, Plane]:
    return planes.y, planes.u, planes.v


def _half(plane: NDArray[np.floating]) -> NDArray[np.floating]:
    height, width = plane.shape
    found: NDArray[np.floating] = plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return found


def _bytes(values: NDArray[np.floating]) -> Plane:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
