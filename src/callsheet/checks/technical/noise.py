"""Noise: its standard deviation, estimated where the picture is calmest (Immerkær, CVIU 1996).

Film grain is noise that is wanted, so it only warns.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callsheet.checks.spans import usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit

if TYPE_CHECKING:
    from callsheet.media.measuring.views import View

_SIDE = 384  # pixels of the middle of the picture that are looked at
_CALM_HALF = math.sqrt(math.pi / 2) / 6 * 2.5  # from the mean of the calmer half to a deviation


class Noise:
    """Standard deviation of noise, in greys of 255."""

    columns = ("noise",)

    def __call__(self, view: "View") -> tuple[float, ...]:
        """Measure the middle: twice the second difference leaves noise and little else."""
        if not view.sampled:
            return (math.nan,)
        top, left = (max(0, (side - _SIDE) // 2) for side in view.luma.shape)
        grey = view.luma[top : top + _SIDE, left : left + _SIDE].astype("int16")
        if min(grey.shape) < 4:  # noqa: PLR2004  # no neighbours
            return (math.nan,)
        lines = grey[:-2] - 2 * grey[1:-1] + grey[2:]
        mask = abs(lines[:, :-2] - 2 * lines[:, 1:-1] + lines[:, 2:]).ravel()
        half = mask.size // 2
        mask.partition(half)
        return (float(mask[:half].mean()) * _CALM_HALF,)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much is taken."""

    max_deviation: float = limit(6.0, "of 255", most=255, says="Standard deviation, in greys.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Judge what is usual."""
    trace = facts.trace
    typical = usual(trace["noise"])
    time, _ = max(trace.known("noise"), key=lambda pair: pair[1], default=(0.0, 0.0))
    most = tolerances.max_deviation
    value = Measure(round(typical, 2), "of 255", f"at most {most:g} of 255")
    if typical <= most:
        return Result(Status.PASS, "It is not noisy.", measure=value)
    said = f"The picture is noisy, most at {clock(time)}."
    advice = "If the grain was not meant so, have it made again."
    return Result(Status.WARN, said, advice, value, at=(time, time), worst=time)


CHECK = Check("noise", 1, "Noise", CLIPS, Needs.TRACE, Severity.MINOR, Tolerances, judge, Noise)
