"""The camera: which part of a drawing is seen in a frame, for each kind of move."""

import random
from dataclasses import dataclass
from typing import Final

import numpy as np

from callsheet.ports.film import FilmShot, Move

STILL: Final = 6  # frames that stand still at both ends
_MOST_ZOOM: Final = 0.12  # in three seconds
_ZOOM_FRAMES: Final = 72
_SHAKE: Final = 0.004  # of the width
_NEAR_TRAVEL: Final = 0.75  # of the room there is, by what is near
_FAR: Final = 0.4  # of the travel of what is near, by what is far


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a drawing: its centre from -1 to 1 within the room there is, and its share."""

    x: float
    y: float
    share: float  # of the drawing's width that is seen

    def box(self, size: tuple[int, int], least: float) -> tuple[float, float, float, float]:
        """Give left, top, right, bottom in pixels of a drawing of some size.

        `least` is the share that is seen where nothing is zoomed; the rest is the room to move in.
        """
        width, height = size
        wide, tall = width * self.share, height * self.share
        room_x, room_y = width * (1 - max(least, self.share)), height * (1 - max(least, self.share))
        left = (width - wide) / 2 + self.x * room_x / 2
        top = (height - tall) / 2 + self.y * room_y / 2
        left, top = min(max(left, 0.0), width - wide), min(max(top, 0.0), height - tall)
        return left, top, left + wide, top + tall


def eased(index: int, frames: int) -> float:
    """Tell how far a move has come, 0 to 1: still at both ends, slow at first and last."""
    still = min(STILL, max(0, (frames - 2) // 4))
    span = frames - 1 - 2 * still
    if span <= 0:
        return 0.0
    at = min(1.0, max(0.0, (index - still) / span))
    return at * at * (3 - 2 * at)


def windows(shot: FilmShot, index: int, least: float) -> tuple[Window, Window]:
    """Find what is seen of what is near and of what is far, in a frame of a shot."""
    along = eased(index, shot.frames)
    swing = (2 * along - 1) * _NEAR_TRAVEL
    zoom = min(_MOST_ZOOM, _MOST_ZOOM * shot.frames / _ZOOM_FRAMES)
    if shot.move in (Move.PUSH, Move.RACK, Move.PULL):
        more = zoom * (along if shot.move is Move.PULL else 1 - along)
        return _zoomed(least, 1 + more, more)
    match shot.move:
        case Move.PAN_LEFT | Move.PAN_RIGHT:
            x = swing if shot.move is Move.PAN_RIGHT else -swing
            return Window(x, 0, least), Window(x, 0, least)
        case Move.TRUCK_LEFT | Move.TRUCK_RIGHT:
            x = swing if shot.move is Move.TRUCK_RIGHT else -swing
            return Window(x, 0, least), Window(x * _FAR, 0, least)
        case Move.TILT_UP | Move.TILT_DOWN:
            y = -swing if shot.move is Move.TILT_UP else swing
            return Window(0, y, least), Window(0, y, least)
        case Move.HANDHELD:
            x, y = _shaken(shot, index, least)
            return Window(x, y, least), Window(x * 0.8, y * 0.8, least)
        case _:
            return Window(0, 0, least), Window(0, 0, least)


def _zoomed(least: float, factor: float, more: float) -> tuple[Window, Window]:
    """Open the window; what is far grows less than what is near."""
    near = min(1.0, least * factor)
    return Window(0, 0, near), Window(0, 0, min(1.0, least * (1 + more * 0.6)))


def _shaken(shot: FilmShot, index: int, least: float) -> tuple[float, float]:
    """Hold the camera by hand: a wander of some frequencies, at most 0.4 % of the width."""
    dice = random.Random(f"{shot.seed}:{shot.id}:hand")  # noqa: S311  # a drawing, not a secret
    room = max(1e-6, (1 - least) / 2)
    values = []
    for _ in range(2):
        total = sum(
            weight * np.sin(2 * np.pi * (index / period + dice.random()))
            for weight, period in ((0.5, 61), (0.3, 37), (0.2, 17))
        )
        values.append(float(total) * _SHAKE / room)
    return values[0], values[1]
