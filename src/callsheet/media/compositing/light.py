"""Light and its spelling: sRGB (IEC 61966-2-1), linear light, and how far colours are apart."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]  # height x width, or height x width x 3
Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

LUMA: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)  # ITU-R BT.709
_STEPS: Final = 16_384  # of linear light: black's steps of sRGB are five of them
_WHITE: Final = np.array([0.95047, 1.0, 1.08883])  # D65
_TO_XYZ: Final = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)


_KNEE: Final = 0.04045, 0.0031308  # where the curve's two parts meet: of values, of light


@lru_cache(maxsize=1)
def to_linear() -> Plane:
    """Tell the linear light, 0 to 1, of each of 256 values."""
    value = np.arange(256) / 255
    light = np.where(value <= _KNEE[0], value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


@lru_cache(maxsize=1)
def _from_linear() -> Bytes:
    light = np.arange(_STEPS) / (_STEPS - 1)
    return np.rint(spelled(light) * 255).astype(np.uint8)


def spelled(light: Plane | NDArray[np.float64]) -> NDArray[np.float64]:
    """Spell linear light, 0 to 1, as sRGB values from 0 to 1."""
    dark = light * 12.92
    bright = 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(light <= _KNEE[1], dark, bright), np.float64)


def linear(values: Bytes) -> Plane:
    """Read bytes of sRGB as linear light."""
    return np.asarray(np.take(to_linear(), values))


def as_bytes(light: Plane) -> Bytes:
    """Spell linear light as bytes of sRGB; `as_bytes(linear(x))` is `x`. Overwrites `light`."""
    np.multiply(light, _STEPS - 1, out=light)
    np.add(light, 0.5, out=light)
    np.clip(light, 0, _STEPS - 1, out=light)
    return np.asarray(np.take(_from_linear(), light.astype(np.uint16)))


def luminance(light: Plane) -> Plane:
    """Weigh linear RGB to luminance."""
    return np.asarray(light @ LUMA, np.float32)


def lab(values: NDArray[np.floating] | Bytes) -> NDArray[np.float64]:
    """Turn sRGB bytes (or values from 0 to 255), shape (..., 3), into CIE L*a*b* under D65."""
    share = np.asarray(values, np.float64) / 255
    light = np.where(share <= _KNEE[0], share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    ratio = light @ _TO_XYZ.T / _WHITE
    cubed = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = np.moveaxis(cubed, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIEDE2000 between L*a*b* colours, shape (..., 3).

    After Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula", 2005.
    """
    l1, a1, b1 = np.moveaxis(one, -1, 0)
    l2, a2, b2 = np.moveaxis(other, -1, 0)
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1 + 0.5 * (1 - np.sqrt(mean7 / (mean7 + 25.0**7)))
    c1, c2 = np.hypot(a1 * stretch, b1), np.hypot(a2 * stretch, b2)
    h1, h2 = np.arctan2(b1, a1 * stretch), np.arctan2(b2, a2 * stretch)
    turn = (h2 - h1 + np.pi) % (2 * np.pi) - np.pi
    turn = np.where(c1 * c2 == 0, 0, turn)
    hue = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = np.where(c1 * c2 == 0, h1 + h2, h1 + turn / 2)
    weight = (
        1
        - 0.17 * np.cos(mean_h - np.radians(30))
        + 0.24 * np.cos(2 * mean_h)
        + 0.32 * np.cos(3 * mean_h + np.radians(6))
        - 0.2 * np.cos(4 * mean_h - np.radians(63))
    )
    around = (mean_l - 50) ** 2
    by_l = (l2 - l1) / (1 + 0.015 * around / np.sqrt(20 + around))
    by_c = (c2 - c1) / (1 + 0.045 * mean_c)
    by_h = hue / (1 + 0.015 * mean_c * weight)
    degrees = np.degrees(mean_h) % 360
    bend = np.radians(30) * np.exp(-(((degrees - 275) / 25) ** 2))
    twist = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25.0**7)) * np.sin(2 * bend)
    squared = by_l**2 + by_c**2 + by_h**2 + twist * by_c * by_h
    return np.asarray(np.sqrt(np.maximum(squared, 0)))
