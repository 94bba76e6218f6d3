"""Levels: how much lies outside what the range of the file allows, and how much is clipped.

Limited range goes from 16 to 235; EBU R 103 lets 1 % of pixels lie outside of 5 to 246.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callsheet.checks.spans import usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_assessed
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit

if TYPE_CHECKING:
    from callsheet.media.measuring.views import View

_LOW, _HIGH = 5, 246
_END_LOW, _END_HIGH = 1, 254


class Levels:
    """Shares of pixels whose luma is out of limited range, and at either end of full range."""

    columns = ("outside", "clipped")

    def __call__(self, view: "View") -> tuple[float, ...]:
        """Measure."""
        if not view.sampled:
            return math.nan, math.nan
        luma = view.luma[::2, ::2]
        outside = float(((luma < _LOW) | (luma > _HIGH)).mean())
        return outside, float(((luma <= _END_LOW) | (luma >= _END_HIGH)).mean())


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much may lie outside, in shares of pixels."""

    max_outside: float = limit(0.01, "share", most=1, says="Outside of limited range (EBU R 103).")
    max_clipped: float = limit(0.25, "share", most=1, says="At the ends of full range: it warns.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Judge limited range by what lies outside, full range by what is clipped."""
    trace, video = facts.trace, facts.probe.video
    full = video is not None and video.range == "full"
    column = "clipped" if full else "outside"
    time, most = max(trace.known(column), key=lambda pair: pair[1], default=(0.0, math.nan))
    if math.isnan(most):
        return not_assessed("No frame was looked at.")
    bound = tolerances.max_clipped if full else tolerances.max_outside
    value = Measure(round(most, 4), "share", f"at most {bound:g} of pixels")
    at = (time, time)
    if most <= bound:
        return Result(Status.PASS, "Its levels are within their range.", measure=value)
    if full:
        said = f"At {clock(time)} {most:.0%} of the picture is pure black or white."
        return Result(
            Status.WARN,
            said,
            "Look whether detail is lost there.",
            value,
            at=at,
            worst=time,
        )
    often = usual(trace[column]) > bound
    said = f"At {clock(time)} {most:.1%} of the picture lies outside of video levels."
    advice = "Have it converted with the right range." if often else "Limit it before broadcast."
    return Result(Status.FAIL if often else Status.WARN, said, advice, value, at=at, worst=time)


CHECK = Check("levels", 1, "Levels", CLIPS, Needs.TRACE, Severity.MINOR, Tolerances, judge, Levels)
