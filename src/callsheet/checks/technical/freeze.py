"""Freeze: stretches in which not a pixel changes, noise included; what is black is no freeze."""

import math
from dataclasses import dataclass

from callsheet.checks.spans import length, longest, middle_of, spans_where
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit

_BLACK = 0.98


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How long it may stand still."""

    max_s: float = limit(1.5, "s", says="A longer stretch fails.")
    change: float = limit(0.25, "of 255", most=255, says="Mean change of a pixel that is none.")
    holds: bool = limit(default=False, says="Whether holds are planned: then it only warns.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Find the longest stretch; one frame that differs, as keyframes may, does not end it."""
    trace = facts.trace
    if len(trace) <= 1:
        return not_applicable("It is one single picture.")
    pairs = zip(trace["still"], trace["black"], strict=True)
    changes = [
        math.inf if black >= _BLACK or math.isnan(still) else still for still, black in pairs
    ]
    spans = spans_where(trace.times, changes, lambda value: value <= tolerances.change, bridge=1)
    worst = longest(spans)
    value = Measure(round(length(worst), 3), "s", f"at most {tolerances.max_s:g} s")
    if worst is None or length(worst) <= tolerances.max_s:
        return Result(Status.PASS, "The picture never stands still for long.", measure=value)
    said = f"The picture stands still from {clock(worst[0])} to {clock(worst[1])}."
    status = Status.WARN if tolerances.holds else Status.FAIL
    advice = "If this hold was not planned, have it made again."
    return Result(status, said, advice, value, at=worst, worst=middle_of(worst))


CHECK = Check("freeze", 1, "Freeze", CLIPS, Needs.TRACE, Severity.MAJOR, Tolerances, judge)
