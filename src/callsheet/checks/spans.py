"""Stretches of time in a trace, and what is usual in it."""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

Span = tuple[float, float]
_STEP_S: Final = 1 / 25  # of a trace of a single frame


def usual_step(times: Sequence[float]) -> float:
    """Answer how far frames usually lie apart, in seconds."""
    steps = [after - before for before, after in pairwise(times)]
    return median(steps) if steps else _STEP_S


def spans_where(
    times: Sequence[float],
    values: Iterable[float],
    wanted: Callable[[float], bool],
    *,
    bridge: int = 0,
) -> list[Span]:
    """Find stretches of frames whose values are wanted; each ends where its last frame does.

    `bridge` frames that are not wanted, between two that are, do not end a stretch.
    """
    step = usual_step(times)
    spans: list[Span] = []
    begun: float | None = None
    last, gap = 0.0, 0
    for time, value in zip(times, values, strict=True):
        if wanted(value):
            begun, last, gap = time if begun is None else begun, time, 0
        elif begun is not None:
            gap += 1
            if gap > bridge:
                spans.append((begun, last + step))
                begun = None
    if begun is not None:
        spans.append((begun, last + step))
    return spans


def longest(spans: Iterable[Span]) -> Span | None:
    """Answer the longest stretch."""
    return max(spans, key=lambda span: span[1] - span[0], default=None)


def length(span: Span | None) -> float:
    """Answer how long a stretch is, in seconds."""
    return span[1] - span[0] if span else 0.0


def middle_of(span: Span) -> float:
    """Answer the moment that shows a stretch best."""
    return (span[0] + span[1]) / 2


def numbers(values: Iterable[float]) -> list[float]:
    """Leave out what was not measured."""
    return [value for value in values if not math.isnan(value)]


def usual(values: Iterable[float], otherwise: float = 0.0) -> float:
    """Answer the median of what was measured."""
    known = numbers(values)
    return median(known) if known else otherwise
