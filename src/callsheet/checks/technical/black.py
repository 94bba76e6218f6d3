"""Black: stretches in which nearly every pixel is black."""

from dataclasses import dataclass

from callsheet.checks.spans import length, longest, middle_of, spans_where
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How long it may be black."""

    max_s: float = limit(0.5, "s", says="A longer stretch fails.")
    share: float = limit(0.98, "share", most=1, says="Of pixels that must be black.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Find the longest stretch."""
    trace = facts.trace
    spans = spans_where(trace.times, trace["black"], lambda value: value >= tolerances.share)
    worst = longest(spans)
    value = Measure(round(length(worst), 3), "s", f"at most {tolerances.max_s:g} s")
    if worst is None or length(worst) <= tolerances.max_s:
        return Result(Status.PASS, "It is never black for long.", measure=value)
    more = f", and {len(spans) - 1} more stretches are" if len(spans) > 1 else ""
    said = f"The picture is black from {clock(worst[0])} to {clock(worst[1])}{more}."
    advice = "Cut it out, or have it made again."
    return Result(Status.FAIL, said, advice, value, at=worst, worst=middle_of(worst))


CHECK = Check("black", 1, "Black", CLIPS, Needs.TRACE, Severity.MAJOR, Tolerances, judge)
