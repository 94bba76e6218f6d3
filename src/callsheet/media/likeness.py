"""A perceptual hash: pictures that look the same have hashes that differ in few bits.

The hash is the 256-bit "pHash": the picture in 64 x 64 greys, its two-dimensional cosine transform,
and of the 16 x 16 lowest frequencies one bit each, set where the coefficient lies above their
median. Two pictures with at most `NEAR_BITS` different bits look the same: re-encoded, resized,
brighter or grey versions stay well below, different pictures well above. Crops and mirrored copies
are not found. It is a hint for a person, never a reason to merge.
"""

import math
from collections.abc import Sequence
from operator import add, mul, sub
from statistics import median

from PIL import Image

NEAR_BITS = 60

_SIDE = 64  # greys a side
_HALF = _SIDE // 2
_KEPT = 16  # frequencies a side
_DIGITS = _KEPT * _KEPT // 4  # hexadecimal

# A cosine of even frequency is symmetric about the middle of the row and one of odd frequency is
# antisymmetric, so half a table and a row folded onto itself give the same sums at half the cost.
_COSINES = tuple(
    tuple(math.cos(math.pi * frequency * (2 * place + 1) / (2 * _SIDE)) for place in range(_HALF))
    for frequency in range(_KEPT)
)


def likeness_of(picture: Image.Image) -> str:
    """Hash a picture (RGB or RGBA) to 64 hexadecimal digits; transparency counts as white."""
    greys = _greys(picture)
    rows = [_frequencies(greys[start : start + _SIDE]) for start in range(0, len(greys), _SIDE)]
    columns = [_frequencies(column) for column in zip(*rows, strict=True)]
    # Rounded, so that the noise of floating point does not decide about a flat picture.
    coefficients = [round(value, 3) for row in zip(*columns, strict=True) for value in row]
    middle = median(coefficients)
    bits = "".join("1" if value > middle else "0" for value in coefficients)
    return f"{int(bits, 2):0{_DIGITS}x}"


def different_bits(one: str, other: str) -> int:
    """Count the bits in which two hashes differ: 0 to 256."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def _greys(picture: Image.Image) -> bytes:
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    grey = picture.convert("L")
    return grey.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS).tobytes()


def _frequencies(row: Sequence[float]) -> list[float]:
    left, right = row[:_HALF], row[: _HALF - 1 : -1]
    even, odd = list(map(add, left, right)), list(map(sub, left, right))
    return [
        sum(map(mul, odd if frequency % 2 else even, cosines))
        for frequency, cosines in enumerate(_COSINES)
    ]
