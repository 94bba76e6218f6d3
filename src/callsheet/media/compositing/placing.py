"""Where a product goes: a box, a named anchor, or the best of the quiet surfaces."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.media.compositing.fields import resized
from callsheet.media.compositing.light import Plane
from callsheet.media.compositing.surroundings import Surroundings
from callsheet.ports.compositing import Box, PlacementError, Wish

LEAST_SIDE: Final = 4
_SHARE: Final = 0.42  # of the scene's height that a product takes by itself
_WIDEST: Final = 0.5  # of the scene's width
_COLUMNS: Final = {
    "left": 0.2,
    "left third": 1 / 3,
    "centre": 0.5,
    "center": 0.5,
    "middle": 0.5,
    "right third": 2 / 3,
    "right": 0.8,
}
_SURFACES: Final = ("table", "floor", "shelf")
ANCHORS: Final = (*_COLUMNS, *_SURFACES)
_GRID: Final = 48


@dataclass(frozen=True, slots=True)
class Place:
    """Where the visible part of a product goes, in pixels, and why there.

    `score` from 0 to 1 says how well it stands; `surface` is the row of the support's far edge,
    None if nothing is known of it.
    """

    left: int
    top: int
    width: int
    height: int
    score: float
    why: str

    @property
    def base(self) -> int:
        """The row on which the product stands."""
        return self.top + self.height

    @property
    def middle(self) -> float:
        """The column of its middle."""
        return self.left + self.width / 2


def places_for(
    scene: Surroundings,
    wish: Wish,
    product: tuple[int, int],
    *,
    scene_cm: float | None,
    taken: list[Place],
) -> list[Place]:
    """Find where a product of `product` pixels goes: the best first, at most three.

    Raises PlacementError.
    """
    tall = product[1] / product[0]
    if isinstance(wish.place, Box):
        return [_boxed(scene.size, wish.place, tall)]
    height = _height(scene, wish, tall, scene_cm)
    columns, surface = _anchored(wish.place)
    return _searched(scene, (height / tall, height), columns, surface, taken)


def _boxed(size: tuple[int, int], box: Box, tall: float) -> Place:
    shares = max(box.x, box.y, box.width) <= 1
    across, down = size if shares else (1, 1)
    width = round(box.width * across)
    left, top = round(box.x * across), round(box.y * down)
    height = round(width * tall)
    given = f"{box.x:g},{box.y:g},{box.width:g}"
    if width < LEAST_SIDE or height < LEAST_SIDE:
        raise PlacementError(given, f"leaves the product {width} x {height} pixels")
    if left >= size[0] or top >= size[1] or left + width <= 0 or top + height <= 0:
        raise PlacementError(given, f"lies outside the scene of {size[0]} x {size[1]} pixels")
    if left < 0 or top < 0 or left + width > size[0] or top + height > size[1]:
        said = f"reaches beyond the scene of {size[0]} x {size[1]} pixels: the product comes to"
        raise PlacementError(given, f"{said} {width} x {height} pixels at {left}, {top}")
    return Place(left, top, width, height, 1.0, "as asked")


def _anchored(anchor: Box | str) -> tuple[float | None, str]:
    """Read an anchor's column and surface. Raises PlacementError."""
    assert isinstance(anchor, str)  # noqa: S101  # boxes went another way
    words = " ".join(anchor.lower().replace("-", " ").replace("_", " ").split())
    surface = next((name for name in _SURFACES if name in words.split()), "")
    rest = " ".join(word for word in words.split() if word not in {surface, "on", "the"})
    if rest and rest not in _COLUMNS:
        raise PlacementError(anchor, f"is not known; use x,y,width or {', '.join(ANCHORS)}")
    return _COLUMNS.get(rest), surface


def _height(scene: Surroundings, wish: Wish, tall: float, scene_cm: float | None) -> float:
    """How tall the product is in the scene, in pixels."""
    width, height = scene.size
    if wish.height_cm is not None and scene_cm is not None:
        found = wish.height_cm / scene_cm * width
        if found < LEAST_SIDE or found > height or found / tall > width:
            reason = f"comes to {found:.0f} pixels in a scene of {width} x {height}"
            fault = FieldError("height_cm", reason, f"{wish.height_cm:g}")
            raise InvalidInputError(f"height_cm {wish.height_cm:g} {reason}", [fault])
        return found
    usual = min(_SHARE * height, _WIDEST * width * tall, 0.8 * height)
    return min(max(float(LEAST_SIDE), usual), width * tall, float(height))


def _searched(
    scene: Surroundings,
    size: tuple[float, float],
    column: float | None,
    surface: str,
    taken: list[Place],
) -> list[Place]:
    """Score every place of a grid, and take the best three that are apart."""
    width, height = scene.size
    own_width, own_height = size
    busy = _grid(scene)
    rows, columns = busy.shape
    x = (np.arange(columns) + 0.5) / columns
    y = (np.arange(rows) + 0.5) / rows
    half = own_width / width / 2
    fits_x = (x > half + 0.02) & (x < 1 - half - 0.02)
    fits_y = (y > min(0.96, own_height / height + 0.02)) & (y < 0.965)  # noqa: PLR2004
    calm = _calm(busy, half * columns, own_height / height * rows)
    level = _level(scene, y, surface)[:, None]
    thirds = np.exp(-(((np.minimum(np.abs(x - 1 / 3), np.abs(x - 2 / 3))) / 0.16) ** 2))
    if column is not None:
        thirds = np.exp(-(((x - column) / 0.07) ** 2))
    score = calm * level * (0.55 + 0.45 * thirds[None] if column is None else thirds[None])
    for place in taken:
        near = np.abs(x * width - place.middle) < (own_width + place.width) * 0.55
        score = score * np.where(near, 0.05, 1)[None]
    allowed = fits_y[:, None] & fits_x[None]
    score = np.where(allowed, score, -1)
    return _best(score, x, y, scene.size, size)


def _grid(scene: Surroundings) -> Plane:
    height, width = scene.busy.shape
    share = _GRID / max(height, width)
    return resized(scene.busy, (max(4, round(width * share)), max(4, round(height * share))))


def _calm(busy: Plane, half: float, tall: float) -> Plane:
    """How quiet it is where the base stands and in front of it; less, behind the product."""
    sums = np.pad(np.cumsum(np.cumsum(busy, 0), 1), ((1, 0), (1, 0)))
    rows, columns = busy.shape

    def mean(up: float, down: float, side: float) -> Plane:
        top = np.clip(np.arange(rows) - round(up), 0, rows - 1)
        bottom = np.clip(np.arange(rows) + round(down) + 1, 1, rows)
        left = np.clip(np.arange(columns) - round(side), 0, columns - 1)
        right = np.clip(np.arange(columns) + round(side) + 1, 1, columns)
        total = sums[bottom][:, right] - sums[top][:, right] - sums[bottom][:, left]
        total = total + sums[top][:, left]
        return np.asarray(total / ((bottom - top)[:, None] * (right - left)[None]), np.float32)

    stands = mean(tall * 0.12 + 1, tall * 0.12 + 1, half * 1.3)
    behind = mean(tall, 0, half)
    middle = float(np.median(busy)) + 0.01
    return np.asarray(np.exp(-0.7 * stands / middle - 0.15 * behind / middle), np.float32)


def _level(scene: Surroundings, y: Plane, surface: str) -> Plane:
    """How likely a support lies at each row."""
    edge, trust = scene.surface, scene.surface_trust
    if surface == "floor":
        return np.asarray(np.clip((y - 0.6) / 0.25, 0.02, 1))
    if surface == "shelf":
        return np.asarray(np.exp(-(((y - edge) / 0.03) ** 2)) + 0.02)
    below = 1 / (1 + np.exp(-(y - edge - 0.1) / 0.03))
    usual = np.exp(-(((y - 0.8) / 0.16) ** 2))
    mixed = trust * below * (0.4 + 0.6 * np.exp(-(((y - edge - 0.6 * (1 - edge)) / 0.2) ** 2)))
    return np.asarray(mixed + (1 - trust) * usual)


def _best(
    score: Plane, x: Plane, y: Plane, scene: tuple[int, int], size: tuple[float, float]
) -> list[Place]:
    found: list[Place] = []
    width, height = max(LEAST_SIDE, round(size[0])), max(LEAST_SIDE, round(size[1]))
    score = score.copy()
    while len(found) < 3 and score.max() > 0:  # noqa: PLR2004
        row, column = np.unravel_index(int(np.argmax(score)), score.shape)
        left = round(float(x[column]) * scene[0] - width / 2)
        top = round(float(y[row]) * scene[1]) - height
        left = min(max(0, left), scene[0] - width)
        top = min(max(0, top), scene[1] - height)
        why = "the quietest support" if not found else "another quiet support"
        found.append(Place(left, top, width, height, float(np.clip(score[row, column], 0, 1)), why))
        near = np.abs(x - x[column]) < size[0] / scene[0] * 0.6
        score[:, near] = -1
    if not found:  # nothing fits: it stands at the bottom, in the middle
        left, top = (scene[0] - width) // 2, max(0, scene[1] - height)
        found.append(Place(max(0, left), top, width, height, 0.0, "nothing else fits"))
    return found
