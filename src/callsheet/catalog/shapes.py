"""Sizes and what a model makes of them: a ratio that it offers, or pixels within its bounds.

People write 1366x768 or 1344x768 and mean 16:9, so that a size counts as a ratio within `NEAR` of
it. Of the sizes in common use SDXL's 1152x896 lies farthest from the ratio that it stands for,
3.6 % off 4:3; and the nearest two ratios that mean different pictures, 5:4 and 4:3, are 6.5 %
apart. What is farther off than 4 % would come out as another picture than was asked for, and is
refused.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from callsheet.kernel.errors import FieldError, InvalidInputError

NEAR: Final = 0.04
_NAMED: Final = 2  # sizes that are named instead of one that is refused
_STEP: Final = 8
_LEAST_SIDE: Final = 256
_MOST_SIDE: Final = 4_096
_PIXELS_FROM: Final = 100  # "1280:720" is a size, "21:9" is none
_USUAL: Final = ("1:1", "5:4", "4:3", "3:2", "16:9", "2:1", "21:9", "3:1", "4:1", "8:1")
_USUAL_BOTH: Final = (*_USUAL, *(":".join(reversed(each.split(":"))) for each in _USUAL))
_PRESETS: Final = {
    "1:1": "square_hd",
    "16:9": "landscape_16_9",
    "9:16": "portrait_16_9",
    "4:3": "landscape_4_3",
    "3:4": "portrait_4_3",
}
Size = tuple[int, int]


class SizeNotOfferedError(InvalidInputError):
    """The model does not make this size; `instead` words the nearest that it makes.

    `offered` lists all ratios that it makes; none where pixels are free within bounds.
    """

    def __init__(self, width: int, height: int, instead: str, offered: Sequence[str] = ()) -> None:
        said = f"no {width}x{height} is made; the nearest: {instead}"
        super().__init__(said, [FieldError("width", said, f"{width}x{height}")])
        self.width, self.height, self.instead = width, height, instead
        self.offered = tuple(offered)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What sizes a model makes whose pixels are free, within these; `longest` is side by side."""

    least_side: int = _LEAST_SIDE
    most_side: int = _MOST_SIDE
    step: int = 1
    least_pixels: int = 0
    most_pixels: int = _MOST_SIDE**2
    longest: float = math.inf

    def hold(self, width: int, height: int) -> bool:
        """Tell whether a size is within them."""
        return (
            all(
                self.least_side <= side <= self.most_side and side % self.step == 0
                for side in (width, height)
            )
            and self.least_pixels <= width * height <= self.most_pixels
            and max(width, height) <= self.longest * min(width, height)
        )

    def nearest(self, width: int, height: int) -> Size:
        """Find the size within them that is most like another: in shape, then in area."""
        wide, high = max(width, 1), max(height, 1)
        shape = min(max(wide / high, 1 / self.longest), self.longest)
        area = min(max(wide * high, self.least_pixels), self.most_pixels)
        ideal = math.sqrt(area * shape), math.sqrt(area / shape)
        grown = max(1.0, self.least_side / min(ideal))
        shrunk = min(1.0, self.most_side / (max(ideal) * grown))
        across, down = (self._around(side * grown * shrunk) for side in ideal)
        made = [size for size in itertools.product(across, down) if self.hold(*size)]
        return min(made or [self._corner()], key=lambda size: _unlike(size, (wide, high)))

    def _around(self, side: float) -> list[int]:
        """List the sides that are made, some steps about one."""
        middle = round(side / self.step)
        steps = (each * self.step for each in range(middle - 3, middle + 4))
        return [each for each in steps if self.least_side <= each <= self.most_side]

    def _corner(self) -> Size:
        side = -(-math.isqrt(max(self.least_pixels, self.least_side**2)) // self.step) * self.step
        return side, side


def nearest_ratio(width: int, height: int, offered: Sequence[str]) -> str:
    """Pick the offered aspect ratio (``"16:9"``) that a size stands for, as proportions go.

    Offers may be sizes (``"1280:720"``). Raises SizeNotOfferedError unless one is within `NEAR`.
    """
    found = min(offered, key=_distance(width, height))
    if _distance(width, height)(found) > math.log(1 + NEAR):
        raise SizeNotOfferedError(width, height, _worded(width, height, offered), offered)
    return found


def nearest_preset(width: int, height: int) -> str:
    """Pick the size that fal names (``"landscape_16_9"``) for the ratio that a size stands for.

    Its models take a ratio or one of these names, and ignore what they do not know. Raises
    SizeNotOfferedError.
    """
    return _PRESETS[nearest_ratio(width, height, tuple(_PRESETS))]


def worded(size: Size) -> str:
    """Name a size in pixels, with the ratio that it stands for."""
    width, height = size
    ratio = min(_USUAL_BOTH, key=_distance(width, height))
    if _distance(width, height)(ratio) > math.log(1 + NEAR):
        shared = math.gcd(width, height)
        ratio = f"{width // shared}:{height // shared}"
    return f"{width}x{height} ({ratio})"


def _worded(width: int, height: int, offered: Sequence[str]) -> str:
    """Name the offers nearest to a size, in pixels: their own, or at about the size's area."""
    nearest = sorted(offered, key=_distance(width, height))[:_NAMED]
    named = []
    for offer in nearest:
        across, down = _parts(offer)
        if min(across, down) >= _PIXELS_FROM:
            named.append(worded((across, down)))
            continue
        scale = math.sqrt(width * height / (across * down))
        free = Bounds(step=_STEP)
        made = free.nearest(round(across * scale), round(down * scale))
        named.append(f"{made[0]}x{made[1]} ({offer})")
    return " or ".join(named)


def _distance(width: int, height: int) -> Callable[[str], float]:
    def distance(offer: str) -> float:
        across, down = _parts(offer)
        return abs(math.log(width / height) - math.log(across / down))

    return distance


def _unlike(one: Size, other: Size) -> float:
    shape = abs(math.log(one[0] / one[1]) - math.log(other[0] / other[1]))
    return 4 * shape + abs(math.log(one[0] * one[1]) - math.log(other[0] * other[1]))


def _parts(offer: str) -> Size:
    across, down = map(int, offer.split(":"))
    return across, down
