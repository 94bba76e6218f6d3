"""Smooth fields over pictures: blurred, resized, and grown from where they are known."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from callsheet.media.compositing.light import Bytes, Mask, Plane

Size = tuple[int, int]  # width, height
_SOFT: Final = Image.Resampling.BILINEAR
_LEAST: Final = 1e-4


def mean(planes: Plane | NDArray[np.float64]) -> Plane:
    """Average three channels; NumPy's own `mean` takes ten times as long over so few."""
    total = planes[..., 0] + planes[..., 1] + planes[..., 2]
    return np.asarray(total * np.float32(1 / 3), np.float32)


def most(planes: Plane | NDArray[np.float64]) -> Plane:
    """Take the largest of three channels."""
    return np.asarray(
        np.maximum(np.maximum(planes[..., 0], planes[..., 1]), planes[..., 2]), np.float32
    )


def picture(plane: Bytes | Plane | Mask) -> Image.Image:
    """Wrap an array as a picture: bytes as L or RGB, one plane of floats as F, a mask as L."""
    if plane.dtype == np.bool_:
        return Image.fromarray(plane.astype(np.uint8) * np.uint8(255))
    return Image.fromarray(np.ascontiguousarray(plane))


def resized(
    plane: Plane, size: Size, box: tuple[float, float, float, float] | None = None
) -> Plane:
    """Resize a plane of floats (of one or three channels), or only a box of it, smoothly."""
    if plane.ndim == 2:  # noqa: PLR2004  # height and width
        return np.asarray(picture(plane).resize(size, _SOFT, box))
    return np.stack([resized(plane[..., each], size, box) for each in range(plane.shape[2])], -1)


def shrunk(plane: Plane, size: Size) -> Plane:
    """Resize by averaging."""
    if plane.ndim == 2:  # noqa: PLR2004  # height and width
        return np.asarray(picture(plane).resize(size, Image.Resampling.BOX))
    return np.stack([shrunk(plane[..., each], size) for each in range(plane.shape[2])], -1)


def blurred(plane: Plane, radius: float) -> Plane:
    """Blur a plane of floats with about a Gaussian of `radius` pixels; its edges are repeated."""
    if radius <= 0:
        return plane
    box = max(1, round(radius * 1.2))  # three boxes of that half width
    for axis in (0, 1):
        for _ in range(3 if radius >= 1 else 1):
            plane = _boxed(plane, box, axis)
    return plane


def _boxed(plane: Plane, half: int, axis: int) -> Plane:
    count = plane.shape[axis]
    half = min(half, count - 1)
    pads = [(0, 0)] * plane.ndim
    pads[axis] = (half + 1, half)
    sums = np.cumsum(np.pad(plane, pads, "edge"), axis, dtype=np.float32)
    wide = 2 * half + 1
    if axis == 0:
        return (sums[wide : wide + count] - sums[:count]) * np.float32(1 / wide)
    return (sums[:, wide : wide + count] - sums[:, :count]) * np.float32(1 / wide)


def soft(mask: Image.Image, radius: float) -> Image.Image:
    """Blur a picture of bytes; faster than `blurred`, in steps of 1/255."""
    return mask.filter(ImageFilter.GaussianBlur(radius)) if radius > 0 else mask


def grown(mask: Mask, pixels: int) -> Mask:
    """Widen a mask by so many pixels, in squares."""
    if pixels <= 0:
        return mask
    near = picture(mask).filter(ImageFilter.BoxBlur(pixels))
    # of the box's (2n+1)^2 pixels one of 255 may round to 0: those in reach are at 0 only then
    wide = np.asarray(near) > 0
    return wide | mask if pixels <= 7 else _grown_far(mask, pixels)  # noqa: PLR2004  # (2*7+1)^2 < 255


def _grown_far(mask: Mask, pixels: int) -> Mask:
    while pixels > 0:
        step = min(pixels, 7)
        mask = grown(mask, step)
        pixels -= step
    return mask


def eroded(mask: Mask, pixels: int) -> Mask:
    """Narrow a mask by so many pixels; beyond the frame it goes on."""
    return ~grown(~mask, pixels)


def fitted(basis: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit by least squares; for few terms and many values its normal equations are much faster."""
    return np.asarray(np.linalg.lstsq(basis.T @ basis, basis.T @ values, rcond=None)[0])


def spread(values: Plane, known: Plane) -> Plane:
    """Carry values from where they are known to everywhere, smoothly (push-pull).

    `values` has one or three channels, `known` weighs each pixel from 0 to 1. After Gortler et
    al., "The Lumigraph", 1996, section 3.4.
    """
    height, width = known.shape
    weighted = values * (known[..., None] if values.ndim == 3 else known)  # noqa: PLR2004
    if min(height, width) <= 2 or float(known.min()) >= 1:  # noqa: PLR2004
        total = float(known.sum())
        mean = weighted.sum((0, 1)) / total if total > 0 else weighted.sum((0, 1))
        return np.where(_like(known >= 1, values), values, mean).astype(np.float32)
    half = ((width + 1) // 2, (height + 1) // 2)
    weight = shrunk(known, half)
    coarse = (shrunk(weighted, half) / _like(np.maximum(weight, _LEAST), values)).astype(np.float32)
    far = resized(spread(coarse, np.minimum(1, weight * 4)), (width, height))
    trust = _like(known, values)
    return weighted + far * (1 - trust)


def _like(plane: Plane | Mask, values: Plane) -> Plane | Mask:
    return plane[..., None] if values.ndim == 3 else plane  # noqa: PLR2004  # three channels


def carried(values: Plane, known: Mask) -> Plane:
    """Carry colours from where they are known to everywhere, worked out at half size."""
    height, width = known.shape
    half = (max(1, width // 2), max(1, height // 2))
    weight = known.astype(np.float32)
    small = shrunk(weight, half)
    seen = shrunk(values * weight[..., None], half)
    colours = (seen / np.maximum(small, _LEAST)[..., None]).astype(np.float32)
    return resized(spread(colours, np.minimum(1, small * 2)), (width, height))
