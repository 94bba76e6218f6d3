"""Where a long clip is cut to be measured in pieces: at keyframes, which encoders put at cuts."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

LONG_S: Final = 60.0  # what is no longer is measured in one piece
_SHORTEST_S: Final = 30.0
_LONGEST_S: Final = 60.0
_IRREGULAR: Final = 0.05  # how far a keyframe's distance is off the usual one, to be a cut


def pieces_of(
    start: float, duration: float, keyframes: Sequence[float]
) -> list[tuple[float, float]]:
    """Cut into pieces of 30 to 60 s, the first from -inf and the last to inf.

    Keyframes come at regular distances and, besides, where a scene begins: those are preferred.
    Without a keyframe in reach the cut is made after 60 s: decoding then starts further back.
    """
    if duration <= LONG_S:
        return [(-math.inf, math.inf)]
    end = start + duration
    edges = [-math.inf]
    at = start
    while end - at > LONG_S:
        at = _cut(at + _SHORTEST_S, min(at + _LONGEST_S, end - _SHORTEST_S), keyframes)
        edges.append(at)
    edges.append(math.inf)
    return list(pairwise(edges))


def _cut(earliest: float, latest: float, keyframes: Sequence[float]) -> float:
    first, last = bisect_left(keyframes, earliest), bisect_right(keyframes, latest)
    if first >= last:
        return latest
    usual = max(
        (after - before for before, after in pairwise(keyframes)),
        default=0.0,
    )
    for place in range(last - 1, max(first, 1) - 1, -1):
        distance = keyframes[place] - keyframes[place - 1]
        if distance < usual * (1 - _IRREGULAR):
            return keyframes[place]
    return keyframes[last - 1]
