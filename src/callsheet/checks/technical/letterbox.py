"""Bars: black edges that never show anything, above and below or at the sides."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callsheet.checks.spans import numbers
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_assessed
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit

if TYPE_CHECKING:
    from callsheet.media.measuring.views import View

_BLACK = 26  # luma, of limited range: 10 above its black
_SIDES = ("bar_top", "bar_bottom", "bar_left", "bar_right")


class Bars:
    """How many lines or columns are black from each side; NaN where all of the picture is."""

    columns = _SIDES

    def __call__(self, view: "View") -> tuple[float, ...]:
        """Measure; of each line nearly the brightest pixel counts, so that one speck does not."""
        if not view.sampled:
            return (math.nan,) * 4
        luma = view.luma
        lit = luma[:, ::4].astype("int16").copy()
        lit.sort(axis=1)
        down = lit[:, -max(2, lit.shape[1] // 50)] > _BLACK
        lit = luma[::4].astype("int16").copy()
        lit.sort(axis=0)
        across = lit[-max(2, lit.shape[0] // 50)] > _BLACK
        if not down.any() or not across.any():
            return (math.nan,) * 4
        ends = (down, down[::-1], across, across[::-1])
        return tuple(float(each.argmax()) for each in ends)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much is taken."""

    max_share: float = limit(0.01, "share", most=0.5, says="Of height or width, of one bar.")
    planned: bool = limit(default=False, says="Whether bars are part of the format.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Find bars that are there all the time; one side alone is the picture's own dark."""
    trace = facts.trace
    always = [min(numbers(trace[side]), default=math.nan) for side in _SIDES]
    if any(map(math.isnan, always)):
        return not_assessed("It is black all over.")
    height, width = trace["height"][0], trace["width"][0]
    bars = {"above and below": min(always[:2]) / height, "at both sides": min(always[2:]) / width}
    where, share = max(bars.items(), key=lambda pair: pair[1])
    value = Measure(round(share, 4), "share", f"at most {tolerances.max_share:.0%} of a side")
    if share <= tolerances.max_share or tolerances.planned:
        return Result(Status.PASS, "It fills its frame.", measure=value)
    middle = trace.times[len(trace) // 2]
    said = f"There are black bars {where}, of {share:.0%} each."
    advice = "Crop it, or ask for the shape that is delivered."
    return Result(Status.WARN, said, advice, value, worst=middle)


CHECK = Check(
    "letterbox", 1, "Black bars", CLIPS, Needs.TRACE, Severity.MINOR, Tolerances, judge, Bars
)
