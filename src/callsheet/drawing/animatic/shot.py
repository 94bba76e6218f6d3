"""A shot as frames: a storyboard drawing seen by a moving camera, or a still that was made."""

from typing import Final

import numpy as np
from PIL import Image

from callsheet.drawing.animatic.camera import Window, windows
from callsheet.drawing.animatic.layers import OVERSIZE, layers_of
from callsheet.drawing.animatic.life import fall
from callsheet.drawing.animatic.planes import BLACK, Plane, Planes, planes_of
from callsheet.ports.film import FilmPlan, FilmShot

_LEAST: Final = 1 / OVERSIZE
_STILL_ROOM: Final = 1 / 1.1  # of a still, for its camera to move in
_LINEAR: Final = Image.Resampling.BILINEAR


class ShotDrawing:
    """A shot of a plan, drawn; each frame by itself, the same each time."""

    def __init__(self, plan: FilmPlan, shot_id: str, size: tuple[int, int]) -> None:
        self.shot = next(each for each in plan.shots if each.id == shot_id)
        self.size = size
        self._layers = layers_of(plan, self.shot, size)

    def frame(self, index: int) -> Planes:
        """Draw a frame, from 0."""
        layers = self._layers
        near, far = windows(self.shot, index, _LEAST)
        seen = _seen(layers.far, far, layers.size, self.size, _LEAST)
        front = _seen(layers.near, near, layers.size, self.size, _LEAST)
        box = near.box(layers.size, _LEAST)
        mask = _part(layers.mask, box, self.size)
        half = (self.size[0] // 2, self.size[1] // 2)
        half_mask = _part(layers.half_mask, _halved(box), half)
        y = _over(seen.y, front.y, mask)
        if layers.weather:
            y = fall(y, layers.weather, index, self.shot.seed)
        y = ((y.astype(np.float32) - BLACK) * layers.shade + BLACK).astype(np.uint8)
        return Planes(y, _over(seen.u, front.u, half_mask), _over(seen.v, front.v, half_mask))


class StillMove:
    """A still that a model made, with the shot's camera; it fills the frame, nothing is added."""

    def __init__(self, picture: Image.Image, shot: FilmShot, size: tuple[int, int]) -> None:
        self.shot, self.size = shot, size
        self._planes = planes_of(_filling(picture.convert("RGB"), size))

    def frame(self, index: int) -> Planes:
        """Draw a frame, from 0."""
        near, _ = windows(self.shot, index, _STILL_ROOM)
        return _seen(self._planes, near, self._planes.size, self.size, _STILL_ROOM)


def _filling(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Crop to the frame's shape around the middle, with room to move in."""
    width, height = (round(side / _STILL_ROOM / 2) * 2 for side in size)
    scale = max(width / picture.width, height / picture.height)
    wide, tall = width / scale, height / scale
    left, top = max(0.0, (picture.width - wide) / 2), max(0.0, (picture.height - tall) / 2)
    right, bottom = min(left + wide, picture.width), min(top + tall, picture.height)
    return picture.resize((width, height), Image.Resampling.LANCZOS, (left, top, right, bottom))


def _seen(
    planes: Planes,
    window: Window,
    drawn: tuple[int, int],
    size: tuple[int, int],
    least: float,
) -> Planes:
    box = window.box(drawn, least)
    half = (size[0] // 2, size[1] // 2)
    return Planes(
        _part(planes.y, box, size),
        _part(planes.u, _halved(box), half),
        _part(planes.v, _halved(box), half),
    )


def _part(plane: Plane, box: tuple[float, float, float, float], size: tuple[int, int]) -> Plane:
    """Scale a part of a plane, to fractions of a pixel."""
    return np.asarray(Image.fromarray(plane, "L").resize(size, _LINEAR, box), np.uint8)


def _halved(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2


def _over(back: Plane, front: Plane, mask: Plane) -> Plane:
    cover = mask.astype(np.uint16)
    return (
        (back.astype(np.uint16) * (255 - cover) + front.astype(np.uint16) * cover) // 255
    ).astype(np.uint8)
