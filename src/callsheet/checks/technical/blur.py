"""Blur: how little is lost by blurring once more (Crété-Roffet et al., SPIE 2007).

Shallow focus reads as blur too, so it only warns; takes of the same shot can be compared.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callsheet.checks.spans import usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit

if TYPE_CHECKING:
    from callsheet.media.measuring.views import Floats, View

_REACH = 9  # pixels of the blur
_WIDE = 960  # what is wider is taken at half its lines and columns


class Sharpness:
    """Share of a picture's changes that a blur takes away: 0 blurred, 1 sharp; the worse way."""

    columns = ("sharpness",)

    def __call__(self, view: "View") -> tuple[float, ...]:
        """Measure, both ways."""
        if not view.sampled:
            return (math.nan,)
        step = max(1, round(max(view.luma.shape) / _WIDE))
        small = view.luma[::step, ::step].astype("float32")
        return (min(_lost(small), _lost(small.T)),)


def _lost(lines: "Floats") -> float:
    """Blur lines along themselves and compare how much they change from pixel to pixel."""
    lines = lines[::2]
    if lines.shape[1] <= 2 * _REACH:
        return 1.0
    summed = lines.cumsum(axis=1)
    soft = (summed[:, _REACH:] - summed[:, :-_REACH]) / _REACH
    middle = lines[:, _REACH // 2 + 1 : _REACH // 2 + 1 + soft.shape[1]]
    sharp_steps, soft_steps = abs(middle[:, 1:] - middle[:, :-1]), abs(soft[:, 1:] - soft[:, :-1])
    total = float(sharp_steps.sum())
    return float((sharp_steps - soft_steps).clip(0).sum()) / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How soft it may be."""

    min_sharpness: float = limit(0.35, "share", most=1, says="Of changes that a blur takes away.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Judge what is usual."""
    trace = facts.trace
    typical = usual(trace["sharpness"], 1.0)
    time, _ = min(trace.known("sharpness"), key=lambda pair: pair[1], default=(0.0, 1.0))
    value = Measure(round(typical, 3), "share", f"at least {tolerances.min_sharpness:g}")
    if typical >= tolerances.min_sharpness:
        return Result(Status.PASS, "It is sharp.", measure=value)
    said = f"The picture is soft, most at {clock(time)}."
    advice = "If the focus was not meant so, have it made again or at a larger size."
    return Result(Status.WARN, said, advice, value, at=(time, time), worst=time)


CHECK = Check("blur", 1, "Blur", CLIPS, Needs.TRACE, Severity.MINOR, Tolerances, judge, Sharpness)
