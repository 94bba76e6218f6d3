"""What a scene is like: its noise and sharpness, its light, and where something could stand."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

from callsheet.media.compositing.fields import blurred
from callsheet.media.compositing.light import Bytes, Plane, linear, luminance

SMALL_SIDE: Final = 384
_TILE: Final = 48
_TILES: Final = 8  # a side
_EDGY_TILES: Final = 24  # those with the steepest steps tell how wide edges are
_DARK, _BRIGHT = 8, 247  # means of tiles beyond which noise is cut off


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A scene as it was looked at.

    `small` is linear light at `SMALL_SIDE`, `busy` how much happens at each of its pixels (mean
    change of log luminance); `noise` are spreads by channel in sRGB bytes at full size, `edge`
    the width in pixels of its sharpest edges. `surface` is the row, as a share of the height,
    above which no support lies; `surface_trust` from 0 to 1.
    """

    size: tuple[int, int]
    small: Plane
    busy: Plane
    noise: tuple[float, float, float]
    edge: float
    surface: float
    surface_trust: float

    @property
    def scale(self) -> float:
        """How many pixels of the scene one of `small` stands for."""
        return self.size[0] / int(self.small.shape[1])


def surroundings_of(scene: Image.Image) -> Surroundings:
    """Look at a scene."""
    share = min(1.0, SMALL_SIDE / max(scene.size))
    size = (max(8, round(scene.width * share)), max(8, round(scene.height * share)))
    small = scene.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    light = linear(np.asarray(small))
    busy = _busy(light)
    surface, trust = _surface(light)
    tiles = samples(scene)
    return Surroundings(scene.size, light, busy, noise_of(tiles), edge_of(tiles), surface, trust)


def _busy(light: Plane) -> Plane:
    log = np.log2(np.maximum(luminance(light), 0.002))
    down, across = np.gradient(log)
    return blurred(np.hypot(down, across).astype(np.float32), 2)


def _surface(light: Plane) -> tuple[float, float]:
    """Find the far edge of the support: the level line above which all is of another colour."""
    log = np.log2(np.maximum(light, 0.004))
    height = light.shape[0]
    reach = max(3, height // 16)
    sums = np.cumsum(np.pad(log, ((1, 0), (0, 0), (0, 0))), 0)
    mean = (sums[reach:] - sums[:-reach]) / reach  # of the rows from each on
    step = np.abs(mean[reach:] - mean[:-reach]).max(-1)
    line = np.quantile(step, 0.35, axis=1)  # most of a row must show it
    low, high = int(height * 0.12), int(height * 0.82) - reach
    if high - low < 8:  # noqa: PLR2004
        return 0.4, 0.0
    inside = line[low - reach if low > reach else 0 : high]
    at = int(np.argmax(inside)) + max(0, low - reach)
    rest = float(np.median(line)) + 0.02
    trust = float(np.clip((line[at] / rest - 1.5) / 3, 0, 1) * np.clip(line[at] / 0.25, 0, 1))
    return (at + reach) / height, trust


def samples(picture: Image.Image) -> list[Bytes]:
    """Take samples at full size, evenly."""
    tile = min(_TILE, *picture.size)
    xs = np.linspace(0, picture.width - tile, min(_TILES, max(1, picture.width // tile)))
    ys = np.linspace(0, picture.height - tile, min(_TILES, max(1, picture.height // tile)))
    return [
        np.asarray(picture.crop((int(x), int(y), int(x) + tile, int(y) + tile)))
        for y in ys
        for x in xs
    ]


def noise_of(tiles: list[Bytes]) -> tuple[float, float, float]:
    """Estimate the spread of noise by channel, in bytes, from the calmest tiles.

    After Immerkaer, "Fast noise variance estimation", 1996.
    """
    found = [_noise(tile) for tile in tiles if _DARK < tile.mean() < _BRIGHT]
    if not found:
        return 0.0, 0.0, 0.0
    red, green, blue = np.quantile(np.array(found), 0.2, axis=0)
    return float(red), float(green), float(blue)


def _noise(tile: Bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = tile.astype(np.float32)
    rows = values[:-2] - 2 * values[1:-1] + values[2:]
    both = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return np.asarray(np.abs(both).mean((0, 1)) * np.sqrt(np.pi / 2) / 6, np.float64)


def _steps(grey: Image.Image) -> Plane:
    """Tell how far each pixel is from the next, across or down."""
    values = np.asarray(grey).astype(np.float32)
    down = np.abs(np.diff(values, axis=0, append=values[-1:]))
    across = np.abs(np.diff(values, axis=1, append=values[:, -1:]))
    return np.maximum(down, across)


def edge_of(tiles: list[Bytes]) -> float:
    """Estimate the width of the sharpest edges in pixels: the rise by the steepest step."""
    widths = []
    greys = [Image.fromarray(tile).convert("L") for tile in tiles]
    looked_at = [(grey, _steps(grey)) for grey in greys]
    looked_at.sort(key=lambda each: -float(each[1].max()))
    for grey, step in looked_at[:_EDGY_TILES]:
        steep = step > max(18.0, float(np.quantile(step, 0.98)))
        if steep.sum() < 4:  # noqa: PLR2004
            continue
        high = np.asarray(grey.filter(ImageFilter.MaxFilter(9))).astype(np.float32)
        low = np.asarray(grey.filter(ImageFilter.MinFilter(9))).astype(np.float32)
        widths.append(float(np.median((high - low)[steep] / step[steep])))
    return float(np.clip(np.quantile(widths, 0.25), 1.0, 6.0)) if len(widths) > 2 else 1.5  # noqa: PLR2004
