"""Coherence: whether frames belong to one movement, or are unrelated pictures.

In a movement two steps lead further than one; between unrelated pictures they lead as far. Four
real clips have a ratio of 1.54 to 1.79, strobing stills 0.95 to 1.04.
"""

import math
from dataclasses import dataclass

from callsheet.checks.spans import usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit

_LEAST = 6  # frames


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is taken for a movement."""

    min_ratio: float = limit(1.25, "times", says="Difference of two steps over that of one.")
    min_step: float = limit(1.0, "of 255", most=255, says="What hardly changes is not judged.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare both differences, over all frames."""
    trace = facts.trace
    pairs = list(zip(trace["drift"], trace["two_drift"], strict=True))
    ratios = [two / one for one, two in pairs if one >= tolerances.min_step and not math.isnan(two)]
    if len(trace) < _LEAST or len(ratios) < len(trace) // 3:
        return not_applicable("Too little changes in it to tell.")
    ratio = usual(ratios)
    value = Measure(round(ratio, 3), "times", f"at least {tolerances.min_ratio:g} times")
    if ratio >= tolerances.min_ratio:
        return Result(Status.PASS, "Its frames follow each other.", measure=value)
    said = "Its frames are unrelated pictures that follow each other too fast to be seen."
    middle = trace.times[len(trace) // 2]
    at = trace.times[0], trace.times[-1]
    return Result(Status.FAIL, said, "Have it made again.", value, at=at, worst=middle)


CHECK = Check("coherence", 1, "Coherence", CLIPS, Needs.TRACE, Severity.CRITICAL, Tolerances, judge)
