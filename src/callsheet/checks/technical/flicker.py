"""Flicker: the whole picture becoming lighter and darker from frame to frame, away from cuts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from callsheet.checks.spans import usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit

_DARK = 8.0  # of 255: flicker of what is nearly black is nobody's
_CUT = 0.4  # of colours that change at once
_LEAST = 5  # frames


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much is taken."""

    max_share: float = limit(0.012, "share", most=1, says="Of light that comes and goes.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare each frame's light with the mean of its neighbours'; judge what is usual."""
    trace = facts.trace
    if len(trace) < _LEAST:
        return not_applicable("It has too few frames to flicker.")
    swings = _swings(trace["luma"], trace["cut"])
    typical = usual(swings)
    place = max(range(len(swings)), key=lambda at: -1 if math.isnan(swings[at]) else swings[at])
    time = trace.times[place + 1]
    value = Measure(round(typical, 4), "share", f"at most {tolerances.max_share:g} of its light")
    if typical <= tolerances.max_share:
        return Result(Status.PASS, "It does not flicker.", measure=value)
    said = f"Its light flickers by {typical:.1%} from frame to frame, most at {clock(time)}."
    advice = "Have it made again, or even the light out."
    return Result(
        Status.WARN, said, advice, value, at=(trace.times[0], trace.times[-1]), worst=time
    )


def _swings(luma: Sequence[float], cuts: Sequence[float]) -> list[float]:
    found = []
    for place in range(1, len(luma) - 1):
        before, here, after = luma[place - 1], luma[place], luma[place + 1]
        cut = max(cuts[place], cuts[place + 1])
        calm = here >= _DARK and not cut > _CUT
        found.append(abs(here - (before + after) / 2) / here if calm else math.nan)
    return found


CHECK = Check("flicker", 1, "Flicker", CLIPS, Needs.TRACE, Severity.MINOR, Tolerances, judge)
