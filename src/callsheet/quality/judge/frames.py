"""What the judge sees of a take: which moments of a clip, and how they are laid on sheets."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

MOST_FRAMES: Final = 24
EVERY_S: Final = 2.0
CUT: Final = 0.5  # of the difference between histograms: two pictures that have nothing in common
MOST_ON_A_SHEET: Final = 6


@dataclass(frozen=True, slots=True)
class Clip:
    """What must be known of a clip: when its first and its last frame are, and its hard cuts.

    `cuts` are the times of the first frames behind them; `frame_s` is how long a frame stands.
    """

    first_s: float
    last_s: float
    frame_s: float
    cuts: tuple[float, ...] = ()


def clip_of(times: Sequence[float], differences: Sequence[float]) -> Clip:
    """Read a clip from the times of its frames, and how far each is from the one before.

    A difference that was not measured is NaN. Raises ValueError for a clip without frames.
    """
    if not times:
        raise ValueError("there is no frame")
    steps = [after - before for before, after in pairwise(times) if after > before]
    cuts = [
        time for time, by in zip(times, differences, strict=True) if by > CUT and time > times[0]
    ]
    return Clip(times[0], times[-1], min(steps, default=EVERY_S), tuple(cuts))


def moments_of(clip: Clip, most: int = MOST_FRAMES) -> tuple[float, ...]:
    """Choose the moments to be seen: first, middle and last, each hard cut, one in two seconds.

    Of a clip that has more, first, middle and last stay, then as many cuts as there is room for,
    evenly spread, then the others.
    """
    length = max(0.0, clip.last_s - clip.first_s)
    musts = [clip.first_s, clip.last_s, clip.first_s + length / 2]
    chosen = _distinct([], musts, clip.frame_s)
    chosen += _distinct(chosen, _spread(clip.cuts, most - len(chosen)), clip.frame_s)
    every = [clip.first_s + EVERY_S * turn for turn in range(1, math.ceil(length / EVERY_S))]
    chosen += _distinct(chosen, _spread(every, most - len(chosen)), clip.frame_s)
    return tuple(sorted(chosen))


def _spread(times: Sequence[float], most: int) -> list[float]:
    """Choose at most so many, evenly."""
    if len(times) <= most:
        return list(times)
    return [times[turn * len(times) // most] for turn in range(most)] if most > 0 else []


def _distinct(known: Iterable[float], more: Iterable[float], frame_s: float) -> list[float]:
    """Choose those that show another frame than any that is known."""
    seen, fresh = list(known), []
    for time in more:
        if all(abs(time - other) >= frame_s / 2 for other in seen):
            seen.append(time)
            fresh.append(time)
    return fresh


def sheets_of(frames: int, most: int) -> list[range]:
    """Lay frames on at most so many sheets, in order, as few to a sheet as there is room for."""
    if not 0 < frames <= most * MOST_ON_A_SHEET:
        raise ValueError(f"{frames} frames do not fit on {most} sheets")
    each = math.ceil(frames / most)
    return [range(first, min(first + each, frames)) for first in range(0, frames, each)]


def burnt_in(time: float) -> str:
    """Word a moment as it is written below its frame."""
    minutes, seconds = divmod(round(max(0.0, time) * 1_000), 60_000)
    return f"{minutes:02}:{seconds // 1_000:02}.{seconds % 1_000:03}"
