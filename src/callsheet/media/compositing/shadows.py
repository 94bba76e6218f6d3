"""The shadows that a product casts on what it stands on: its contact, its cast, and its ambient.

A product is taken for a pile of discs, one for each run of its pixels in a row, as deep as it is
wide within bounds; each disc's shadow is an ellipse on the ground, further away and softer the
higher the disc lies. That is a pixel-height model (Sheng et al., "Controllable shadow generation
using pixel height maps", 2022) for things that have a depth.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from callsheet.media.compositing.fields import soft
from callsheet.media.compositing.light import Bytes, Plane
from callsheet.media.compositing.lighting import Sun
from callsheet.media.compositing.placing import Place

_DRAWN_HEIGHT: Final = 320  # pixels of a product, as its shadow is drawn
_BANDS: Final = 7
_SEEN: Final = 96  # of 255
_FOOT: Final = 0.045  # of the height: what is so near the base stands on the ground
_LONG: Final = 5.0  # times as wide as deep, as it looks
_LEAST_TILT, _MOST_TILT = 0.16, 0.85


@dataclass(frozen=True, slots=True)
class Shadow:
    """How much light is lost, 0 to 1, over a box of the scene (left, top, right, bottom pixels)."""

    lost: Plane
    box: tuple[int, int, int, int]
    tint: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class _Run:
    left: float
    right: float
    high: float  # above the ground, 0 for the foot


def tilt_of(place: Place, size: tuple[int, int], surface: float, trust: float) -> float:
    """How round a circle on the ground looks: its height by its width.

    From how far the base lies below the horizon, through a lens as wide as most; the horizon is
    taken to lie a little above the support's far edge.
    """
    if trust < 0.5:  # noqa: PLR2004
        return 0.32
    horizon = max(0.0, surface - 0.12) * size[1]
    angle = np.arctan2(place.base - horizon, 1.15 * max(size))
    return float(np.clip(np.sin(angle) * 1.15, _LEAST_TILT, _MOST_TILT))


def shadow_of(
    alpha: Bytes, place: Place, sun: Sun, tilt: float, *, contact: bool, strength: float
) -> Shadow | None:
    """Draw a product's shadows; `contact` without its contact shadow if it brings its own."""
    share = min(0.5, _DRAWN_HEIGHT / place.height)
    size = (max(2, round(place.width * share)), max(2, round(place.height * share)))
    small = np.asarray(Image.fromarray(alpha).resize(size, Image.Resampling.BOX))
    runs, foot = _runs(small, tilt)
    if not runs or strength <= 0:
        return None
    height = size[1]
    reach = sun.length * height
    pad = 0.35 * height + 0.12 * size[0]
    left = round(pad + max(0.0, -sun.x) * reach)
    right = round(pad + max(0.0, sun.x) * reach)
    above = round(pad * 0.6 + max(0.0, -sun.y) * reach + foot)
    below = round(pad * 0.6 + max(0.0, sun.y) * reach)
    canvas = (left + size[0] + right, above + below)
    origin = (left, above - foot)  # of the foot's middle row, seen from the canvas
    kept = 1 - sun.depth * _cast(runs, canvas, origin, sun, tilt, height) * min(1.0, strength)
    if contact:
        line = _foot_line(small, (origin[0], above))
        kept = kept * (1 - _contact(runs, canvas, origin, tilt, line) * min(1.0, strength))
    lost = (1 - kept) * _ends(canvas)
    box = (
        round(place.left - left / share),
        round(place.base - above / share),
        round(place.left + (size[0] + right) / share),
        round(place.base + below / share),
    )
    return Shadow(lost.astype(np.float32), box, (1.0, 0.985, 0.95))


def _runs(small: Bytes, tilt: float) -> tuple[list[_Run], float]:
    """List a product's runs by height above the ground, and half the depth of its foot."""
    solid = np.zeros((small.shape[0], small.shape[1] + 2), np.int8)
    solid[:, 1:-1] = small >= _SEEN
    change = np.diff(solid, axis=1)
    rows, starts = np.nonzero(change == 1)
    ends = np.nonzero(change == -1)[1]
    if not len(rows):
        return [], 0.0
    height = small.shape[0]
    base = int(rows.max()) + 1
    near = rows >= base - max(2, round(_FOOT * height))
    widest = float((ends - starts)[near].max()) / 2
    foot = min(tilt * min(widest, 0.5 * height), 0.2 * height)
    step = 1 if height < 160 else 2  # noqa: PLR2004
    runs = [
        _Run(float(start), float(end), max(0.0, base - foot - row))
        for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
        if row % step == 0 or row >= base - 2 * foot - 2
    ]
    return runs, foot


def _disc(run: _Run, tilt: float, height: int) -> tuple[float, float]:
    """Half the width and half the depth, as it looks, of a run's disc."""
    half = (run.right - run.left) / 2
    return half, max(0.6, tilt * min(half, 0.5 * height))


def _draw_disc(pen: ImageDraw.ImageDraw, at: tuple[float, float], half: float, deep: float) -> None:
    """Draw a disc as it lies; one much wider than deep is a long thing with straight sides."""
    box = (at[0] - half, at[1] - deep, at[0] + half, at[1] + deep)
    if half > _LONG * deep:
        pen.rounded_rectangle(box, radius=deep, fill=255)
    else:
        pen.ellipse(box, fill=255)


def _cast(
    runs: list[_Run],
    canvas: tuple[int, int],
    origin: tuple[float, float],
    sun: Sun,
    tilt: float,
    height: int,
) -> Plane:
    """Draw the cast shadow, softer with height: 0 lit to 1 dark."""
    bands = [Image.new("L", canvas) for _ in range(_BANDS)]
    pens = [ImageDraw.Draw(band) for band in bands]
    for run in runs:
        # neighbouring bands overlap, so that no seam shows
        band = run.high / height * _BANDS
        half, deep = _disc(run, tilt, height)
        x = origin[0] + (run.left + run.right) / 2 + run.high * sun.x * sun.length
        y = origin[1] + run.high * sun.y * sun.length
        for each in {int(band), max(0, int(band - 0.35))}:
            _draw_disc(pens[min(each, _BANDS - 1)], (x, y), half, deep)
    penumbra = 0.01 + 0.26 * (1 - sun.hard) ** 1.5
    lit = np.ones((canvas[1], canvas[0]), np.float32)
    for number, drawn in enumerate(bands):
        radius = 0.6 + penumbra * (number + 0.5) / _BANDS * height * sun.length
        dark = np.asarray(soft(drawn, radius)).astype(np.float32) / 255
        lit = np.minimum(lit, 1 - dark)
    return np.asarray(1 - lit, np.float32)


@dataclass(frozen=True, slots=True)
class _FootLine:
    """Where a product's outline meets the ground, on the canvas; how tall the product is there."""

    points: list[tuple[float, float]]
    height: int


def _foot_line(small: Bytes, corner: tuple[float, float]) -> _FootLine:
    """Follow the lower edge of what stands on the ground; `corner` is the base's left end."""
    solid = small >= _SEEN
    height = small.shape[0]
    lowest = height - np.argmax(solid[::-1], axis=0)
    standing = solid.any(0) & (lowest >= lowest.max() - max(2, round(_FOOT * height)))
    points = [
        (corner[0] + x, corner[1] - height + float(lowest[x]))
        for x in np.nonzero(standing)[0].tolist()
    ]
    return _FootLine(points, height)


def _contact(
    runs: list[_Run],
    canvas: tuple[int, int],
    origin: tuple[float, float],
    tilt: float,
    line: _FootLine,
) -> Plane:
    """Draw what little light comes beneath a product: narrow and dark, wide and faint."""
    height = line.height
    standing = Image.new("L", canvas)
    pen = ImageDraw.Draw(standing)
    for run in runs:
        if run.high > _FOOT * height:
            continue
        half, deep = _disc(run, tilt, height)
        x, y = origin[0] + (run.left + run.right) / 2, origin[1]
        _draw_disc(pen, (x, y), half, deep)
    for x, y in line.points:
        pen.line((x, y - 2, x, y), fill=255)
    layers = ((0.012, 0.55), (0.035, 0.35), (0.1, 0.28))
    lit: Plane = np.ones((canvas[1], canvas[0]), np.float32)
    for radius, depth in layers:
        dark = np.asarray(soft(standing, max(0.7, radius * height))).astype(np.float32) / 255
        lit = np.asarray(lit * (1 - depth * dark), np.float32)
    return 1 - lit


def _ends(canvas: tuple[int, int]) -> Plane:
    """Run out towards the canvas' frame: no shadow ends in a line."""
    width, height = canvas
    x = np.minimum(np.arange(width) + 1, width - np.arange(width)) / max(1.0, 0.06 * width)
    y = np.minimum(np.arange(height) + 1, height - np.arange(height)) / max(1.0, 0.08 * height)
    return np.clip(np.minimum(x[None], y[:, None]), 0, 1).astype(np.float32)


def painted(lost: Plane) -> Image.Image:
    """Show a shadow as a layer: black, as see-through as it leaves light, in sRGB."""
    kept = np.clip(1 - lost, 0, 1) ** (1 / 2.2)
    alpha = Image.fromarray(np.rint((1 - kept) * 255).astype(np.uint8))
    black = Image.new("L", alpha.size)
    return Image.merge("RGBA", (black, black, black, alpha))
