"""Meters that every clip passes: what several checks judge is measured here, once.

A meter is a class made anew for each chunk of a clip. It is called with each frame in turn and
answers one number for each of its `columns`, NaN where it has none. A check that needs a
measurement nobody else needs brings a meter of its own, in its own file.
"""

import math
from collections import deque
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from callsheet.media.measuring.views import Floats, View

_NOTHING: Final = math.nan
_BLACK: Final = 0.10 * 255  # luma at which a pixel is black
_BINS: Final = 8  # a channel
_SWING: Final = 0.10  # of the greatest luminance: one half of a flash
_BRIGHT: Final = 0.80  # the darker picture of a flash is darker than this
_RED_SWING: Final = 20.0
_RED_SCALE: Final = 320.0
_RED_SHARE: Final = 0.80
_FAST: Final = 7  # transitions in a second: more than three flashes
_SLOW: Final = 4  # two flashes
_SECOND: Final = 1.0
_ROUNDING: Final = 1e-6


class Meter(Protocol):
    """Looks at frames one after the other."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Name what it measures."""

    def __call__(self, view: View) -> tuple[float, ...]:
        """Answer a number for each column."""


class Light:
    """Mean and spread of greys (0 to 255), how much is black, and each colour's mean."""

    columns = ("luma", "spread", "black", "red", "green", "blue")

    def __call__(self, view: View) -> tuple[float, ...]:
        """Measure."""
        grey = view.grey
        red, green, blue = view.small.reshape(-1, 3).mean(axis=0)
        black = float((grey < _BLACK).mean())
        return view.light, float(grey.std()), black, float(red), float(green), float(blue)


class Motion:
    """How much changes from frame to frame, in greys of 255.

    `step` compares a small picture with the one before; `drift` and `two_drift` compare its cells
    with those of the one before and the one before that; `still` compares pixels of the full
    picture, so that noise counts. `cut` is how far apart the colours of two frames lie, 0 to 1
    (half the sum of differences of their histograms).
    """

    columns = ("step", "drift", "two_drift", "still", "cut")

    def __init__(self) -> None:
        self._colours: NDArray[np.float64] | None = None

    def __call__(self, view: View) -> tuple[float, ...]:
        """Measure."""
        colours, before = _colours(view), self._colours
        self._colours = colours
        steps = view.step(), view.drift(1), view.drift(2)
        one, drift, two = (_NOTHING if each is None else each for each in steps)
        if view.before is None or before is None:
            return (_NOTHING,) * 5
        still = _NOTHING
        if view.before.sparse.shape == view.sparse.shape:
            still = float(np.abs(view.sparse - view.before.sparse).mean())
        apart = float(np.abs(colours - before).sum() / 2)
        return one, drift, two, still, apart


class Shape:
    """Size of the frame as it is coded, and whether it says that it is of two fields."""

    columns = ("width", "height", "fields")

    def __call__(self, view: View) -> tuple[float, ...]:
        """Measure."""
        return view.frame.width, view.frame.height, float(view.frame.interlaced_frame)


class Flashes:
    """How much of the picture flashes, as WCAG 2.2 and ITU-R BT.1702 count it; shares, 0 to 1.

    Each cell is followed on its own. A transition is a change of relative luminance by a tenth or
    more whose darker end is below 0.8, against the direction of the one before it; a flash is two.
    `flash_fast` is the share of cells with more than three flashes in the second that ends here,
    `flash_slow` with two or more; `red_…` the same for changes to and from saturated red.
    """

    columns = ("flash_fast", "flash_slow", "red_fast", "red_slow")

    def __init__(self) -> None:
        self._light = _Swings(_SWING, _BRIGHT)
        self._red = _Swings(_RED_SWING, math.inf)

    def __call__(self, view: View) -> tuple[float, ...]:
        """Measure."""
        cells = view.cells
        total = cells.sum(axis=2)
        saturated = cells[..., 0] >= _RED_SHARE * np.maximum(total, _ROUNDING)
        pure = np.maximum(cells[..., 0] - cells[..., 1] - cells[..., 2], 0) * _RED_SCALE
        red = np.where(saturated, pure, 0).astype(np.float32)
        return (*self._light.see(view.time, view.luminance), *self._red.see(view.time, red))


class _Swings:
    """Follows each cell from turning point to turning point."""

    def __init__(self, swing: float, below: float) -> None:
        self._swing, self._below = swing, below
        self._low = np.zeros((0, 0), np.float32)
        self._high = self._low
        self._way = np.zeros((0, 0), np.int8)
        self._count = np.zeros((0, 0), np.int16)
        self._recent: deque[tuple[float, NDArray[np.bool_]]] = deque()

    def see(self, time: float, value: Floats) -> tuple[float, float]:
        """Take in a frame; the shares of cells that flash fast, and slowly or fast."""
        if self._low.shape != value.shape:
            self._low, self._high = value.copy(), value.copy()
            self._way, self._count = np.zeros(value.shape, np.int8), np.zeros(value.shape, np.int16)
            self._recent.clear()
            return 0.0, 0.0
        swing = self._swing - _ROUNDING
        up = (self._way <= 0) & (value - self._low >= swing) & (self._low < self._below)
        down = (self._way >= 0) & (self._high - value >= swing) & (value < self._below)
        turned = up | down
        self._way[up], self._way[down] = 1, -1
        self._low = np.where(turned, value, np.minimum(self._low, value))
        self._high = np.where(turned, value, np.maximum(self._high, value))
        self._count += turned
        self._recent.append((time, turned))
        while self._recent[0][0] <= time - _SECOND + _ROUNDING:
            self._count -= self._recent.popleft()[1]
        return float((self._count >= _FAST).mean()), float((self._count >= _SLOW).mean())


def _colours(view: View) -> NDArray[np.float64]:
    """Count the small picture's colours, in shares."""
    bins = view.small >> 5
    places = (bins[..., 0].astype(np.int16) * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
    counted = np.bincount(places.ravel(), minlength=_BINS**3)
    shares: NDArray[np.float64] = counted / places.size
    return shares


ALWAYS: Final[tuple[type[Meter], ...]] = (Light, Motion, Shape, Flashes)
