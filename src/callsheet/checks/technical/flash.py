"""Flashes that can harm: screened against the thresholds of ITU-R BT.1702 and WCAG 2.2.

More than three flashes in a second on a quarter of the picture fail, of light or of saturated red;
so do two to three a second that go on for more than four seconds of five (the extended rule).
Patterns are not looked at. This screens; it certifies nothing.
"""

from dataclasses import dataclass

from callsheet.checks.spans import Span, length, longest, spans_where, usual_step
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_assessed
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.measuring import Trace
from callsheet.ports.tolerances import limit

_WINDOW_S = 5.0
_SECOND = 1.0
_HDR = ("pq", "hlg")


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is taken."""

    area: float = limit(0.25, "share", most=1, says="Of the picture that may flash.")
    extended_s: float = limit(4.0, "s", says="Of five seconds that may flash slowly.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Look for fast flashes of light, of red, and for slow ones that go on."""
    trace, video = facts.trace, facts.probe.video
    if video is not None and video.transfer in _HDR:
        return not_assessed(
            "It is HDR, whose flashes depend on the screen.", "Have it tested by a laboratory."
        )
    worst = max(max(trace["flash_fast"], default=0), max(trace["red_fast"], default=0))
    value = Measure(
        round(worst, 3),
        "share",
        f"under {tolerances.area:.0%} of the picture; screened, not certified",
    )
    advice = "Slow the flashes down, dim them, or have it made again."
    for column, what in (("flash_fast", "flashes"), ("red_fast", "flashes in saturated red")):
        spans = spans_where(trace.times, trace[column], lambda share: share >= tolerances.area)
        found = longest(spans)
        if found is not None:
            at = max(0.0, found[0] - _SECOND), found[1]
            said = f"The picture {what} more than three times a second at {clock(found[0])}."
            return Result(Status.FAIL, said, advice, value, at=at, worst=found[0])
    slow = _extended(trace, tolerances)
    if slow is not None:
        said = f"The picture keeps flashing from {clock(slow[0])} to {clock(slow[1])}."
        return Result(Status.FAIL, said, advice, value, at=slow, worst=slow[1])
    return Result(Status.PASS, "It has no flashes that could harm.", measure=value)


def _extended(trace: Trace, tolerances: Tolerances) -> Span | None:
    """Find the first five seconds of which more flash slowly than is taken."""
    step = usual_step(trace.times)
    for column in ("flash_slow", "red_slow"):
        spans = spans_where(trace.times, trace[column], lambda share: share >= tolerances.area)
        for _, end in spans:
            inside = [(max(a, end - _WINDOW_S), b) for a, b in spans if end - _WINDOW_S < b <= end]
            if sum(map(length, inside)) > tolerances.extended_s + step / 2:
                return max(0.0, inside[0][0] - _SECOND), end
    return None


CHECK = Check(
    "flash", 1, "Harmful flashes", CLIPS, Needs.TRACE, Severity.CRITICAL, Tolerances, judge
)
