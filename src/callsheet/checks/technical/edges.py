"""Edges: whether the first and last frames are whole pictures of the clip.

Generated clips begin or end with an empty or black frame, in the middle of a fade, with a picture
of something else, or at another size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from callsheet.checks.spans import usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.measuring import Trace
from callsheet.ports.tolerances import limit

_LEAST = 12  # frames
_BLACK = 0.98
_EMPTY = 2.0  # greys: a picture whose pixels spread less shows nothing
_CUT = 0.35  # of colours that change at once
_LEAP = 2.5  # times the usual change
_FADE = 0.7  # of the light of what follows


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far in is looked, and what is planned."""

    frames: int = limit(3, "frames", least=1, most=12, says="How many at each end.")
    fades: bool = limit(default=False, says="Whether fades at the ends are planned.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Look at either end; the first thing that is wrong is told."""
    trace, count = facts.trace, tolerances.frames
    if len(trace) < max(_LEAST, 4 * count):
        return not_applicable("It is too short to have ends.")
    whole = "the first and last frames are whole"
    ends = (("begins", range(len(trace))), ("ends", range(len(trace) - 1, -1, -1)))
    for verb, places in ends:
        wrong, place = _wrong(trace, places, tolerances)
        if wrong:
            time = trace.times[place]
            said = f"It {verb} with {wrong} ({clock(time)})."
            advice = "Trim these frames, or have it made again."
            value = Measure(wrong, tolerance=whole)
            return Result(Status.FAIL, said, advice, value, at=(time, time), worst=time)
    return Result(
        Status.PASS, "It begins and ends with whole pictures.", measure=Measure(tolerance=whole)
    )


def _wrong(trace: Trace, places: Sequence[int], tolerances: Tolerances) -> tuple[str, int]:
    """Name what is wrong from one end, walking inwards; empty if nothing is."""
    outer, inner = places[: tolerances.frames], places[tolerances.frames : 4 * tolerances.frames]
    spread = usual(trace["spread"][place] for place in inner)
    light = usual(trace["luma"][place] for place in inner)
    sizes = {(trace["width"][place], trace["height"][place]) for place in inner}
    if not tolerances.fades and _fades(trace, places, tolerances.frames):
        return "the middle of a fade", places[0]
    for place in outer:
        if (trace["width"][place], trace["height"][place]) not in sizes:
            return "frames of another size", place
        if trace["black"][place] >= _BLACK and light > 2 * trace["luma"][place]:
            return "a black picture", place
        if trace["spread"][place] < _EMPTY <= spread / 2:
            return "an empty picture", place
    moves = usual(trace["step"][place] for place in inner)
    for before, after in pairwise(places[: tolerances.frames + 1]):
        later = max(before, after)  # which tells how far apart the two lie
        if trace["cut"][later] > _CUT and trace["step"][later] > _LEAP * max(moves, 1.0):
            return "a picture of something else", places[0]
    return "", places[0]


def _fades(trace: Trace, places: Sequence[int], count: int) -> bool:
    """Tell whether light only grows from the end inwards, by a good part of it."""
    light = [trace["luma"][place] for place in places[: 4 * count]]
    grows = all(after >= before for before, after in pairwise(light))
    return grows and light[0] < _FADE * light[-1]


CHECK = Check(
    "edges", 1, "First and last frames", CLIPS, Needs.TRACE, Severity.MAJOR, Tolerances, judge
)
