"""Life in a drawing that stands still: rain and snow that fall, twelve times a second."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from callsheet.drawing.animatic.planes import Plane

TWOS: Final = 2  # frames that one drawing of it is seen
_TILES: Final = 8  # drawings, which come again
_RAIN_Y, _SNOW_Y = 205, 232


@lru_cache(maxsize=64)
def _fallen(weather: str, size: tuple[int, int], tile: int, seed: int) -> Plane:
    """Draw what falls, as how much of it covers each place, 0 to 255."""
    width, height = size
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    dice = np.random.default_rng(seed * 97 + 11)
    count = width * height // (5_200 if weather == "rain" else 4_200)
    xs, ys, kinds = dice.random(count), dice.random(count), dice.random(count)
    for x, y, kind in zip(xs, ys, kinds, strict=True):
        if weather == "rain":
            down = (y + tile / _TILES) % 1.0  # once through the frame in all tiles
            length = height * (0.03 + 0.03 * kind)
            at = (x * width * 1.1, down * height * 1.1 - length)
            end = (at[0] - length * 0.16, at[1] + length)
            draw.line([at, end], fill=round(50 + 70 * kind), width=max(1, height // 540))
        else:
            speed = 1 if kind > 0.5 else 0  # noqa: PLR2004  # half of it is further away
            down = (y + tile / _TILES * (0.5 + 0.5 * speed)) % 1.0
            sway = 0.012 * np.sin(2 * np.pi * (tile / _TILES + kind))
            radius = height * (0.0022 + 0.0028 * kind)
            cx, cy = (x + sway) % 1.0 * width, down * height
            draw.ellipse([cx - radius, cy - radius, cx + radius, cy + radius], fill=190)
    return np.asarray(image, np.uint8)


def fall(y: Plane, weather: str, index: int, seed: int) -> Plane:
    """Let rain or snow fall over a luma plane."""
    height, width = y.shape
    cover = _fallen(weather, (width, height), (index // TWOS) % _TILES, seed).astype(np.uint16)
    bright = _RAIN_Y if weather == "rain" else _SNOW_Y
    mixed: NDArray[np.uint16] = (y.astype(np.uint16) * (255 - cover) + bright * cover) // 255
    return mixed.astype(np.uint8)
