"""A frame as meters see it: small pictures of it, made once for all who look."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Whole = NDArray[np.int32]

SIDE: Final = 160  # pixels of the longer side of the small picture
GRAIN: Final = 4  # pixels a side of a cell
_SPARSE: Final = 8  # each n-th pixel of each n-th line of the full picture
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
_EIGHT: Final = 8
_HALF: Final = 0.5  # of the light of the frame before: beyond that it is another picture
_CODES: Final = np.arange(256, dtype=np.float32) / 255
_BEND: Final = 0.04045
_LINEAR: Final = np.where(
    _CODES <= _BEND, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4
).astype(np.float32)  # IEC 61966-2-1


@dataclass(eq=False)  # no slots: what is made of it is kept in its dict
class View:
    """One frame; `before` is the one before it, `sampled` whether costly meters look at it.

    Times are seconds. Pictures are arrays of lines of pixels.
    """

    frame: Any
    time: float
    before: "View | None" = None
    sampled: bool = False
    _small_size: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._small_size = small_size(self.frame.width, self.frame.height)

    @cached_property
    def small(self) -> Bytes:
        """The picture in red, green and blue, its longer side `SIDE` pixels."""
        width, height = self._small_size
        made = self.frame.reformat(width, height, "rgb24", interpolation="AREA", threads=1)
        plane = made.planes[0]
        lines = np.frombuffer(plane, np.uint8).reshape(height, plane.line_size)
        return lines[:, : width * 3].reshape(height, width, 3)

    @cached_property
    def grey(self) -> Floats:
        """The small picture in greys, 0 to 255."""
        return self.small @ _LUMA

    @cached_property
    def light(self) -> float:
        """Mean of the greys."""
        return float(self.grey.mean())

    @cached_property
    def cells(self) -> Floats:
        """Light of each cell of the small picture: linear red, green, blue, 0 to 1."""
        height, width, _ = self.small.shape
        light = _LINEAR[self.small]
        cells = light.reshape(height // GRAIN, GRAIN, width // GRAIN, GRAIN, 3)
        made: Floats = cells.mean(axis=(1, 3))
        return made

    @cached_property
    def luminance(self) -> Floats:
        """Relative luminance of each cell, 0 to 1 (WCAG 2.2)."""
        return self.cells @ _LUMINANCE

    @cached_property
    def luma(self) -> NDArray[Any]:
        """Luma of every pixel as it is coded, brought to 8 bits."""
        return plane_of(self.frame, 0)

    def plane(self, index: int) -> NDArray[Any]:
        """Every pixel of a plane, brought to 8 bits."""
        return plane_of(self.frame, index)

    @cached_property
    def sparse(self) -> NDArray[np.int16]:
        """Luma of some pixels of the full picture, none of them averaged."""
        return plane_of(self.frame, 0, _SPARSE).astype(np.int16)

    @cached_property
    def coarse(self) -> Floats:
        """The small picture's greys, averaged over cells."""
        height, width = self.grey.shape
        cells = self.grey.reshape(height // GRAIN, GRAIN, width // GRAIN, GRAIN)
        made: Floats = cells.mean(axis=(1, 3))
        return made

    def step(self) -> float | None:
        """Answer the mean difference of greys to the frame before, 0 to 255.

        Of all of the picture becoming lighter or darker at once nothing is counted: that is no
        movement.
        """
        other = self.before
        if other is None or other.grey.shape != self.grey.shape:
            return None
        return self._apart(self.grey, other.grey, other.light)

    def drift(self, back: int) -> float | None:
        """Answer the same of cells, to the frame `back` frames before.

        Cells are large enough that a fast camera does not carry what is in them out of them at
        once, and that noise is none.
        """
        other: View | None = self
        for _ in range(back):
            other = other.before if other else None
        if other is None or other.grey.shape != self.grey.shape:
            return None
        return self._apart(self.coarse, other.coarse, other.light)

    def _apart(self, ours: Floats, theirs: Floats, their_light: float) -> float:
        gain = self.light / max(their_light, 1.0)
        same_light = theirs * gain if _HALF <= gain <= 1 / _HALF else theirs
        return float(np.abs(ours - same_light).mean())


def small_size(width: int, height: int) -> tuple[int, int]:
    """Shrink a size to `SIDE`, in whole cells."""
    scale = SIDE / max(width, height)
    wide, high = (max(2, round(side * scale / GRAIN)) * GRAIN for side in (width, height))
    return wide, high


def plane_of(frame: Any, index: int, every: int = 1) -> NDArray[Any]:
    """Read each n-th pixel of each n-th line of a plane, in 8 bits; of packed ones greys."""
    pixels = frame.format
    if pixels.is_rgb or (not pixels.is_planar and len(pixels.components) > 1):
        frame = frame.reformat(format="gray", threads=1)
        pixels, index = frame.format, 0
    plane = frame.planes[index]
    bits = pixels.components[index].bits
    if bits <= _EIGHT:
        lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        return lines[: plane.height : every, : plane.width : every]
    deep = np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)
    made: NDArray[Any] = (
        deep[: plane.height : every, : plane.width : every] >> (bits - _EIGHT)
    ).astype(np.uint8)
    return made
