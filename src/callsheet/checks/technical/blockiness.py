"""Blockiness: jumps at every eighth pixel that the pixels between do not have.

It depends on what is shown, so it only warns; takes of the same shot can be compared.
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

_BLOCK = 8
_GROUND = 0.25  # greys: what a picture without any texture is measured against


class Blocks:
    """Mean jump across the edges of blocks over the mean jump elsewhere; 1 without blocks."""

    columns = ("blocks",)

    def __call__(self, view: "View") -> tuple[float, ...]:
        """Measure both ways."""
        if not view.sampled or min(view.luma.shape) < 4 * _BLOCK:
            return (math.nan,)
        ratios = []
        for lines in (view.luma[::2], view.luma[:, ::2].T):
            wide = lines.astype("int16")
            jumps = abs(wide[:, 1:] - wide[:, :-1]).mean(axis=0)
            edges = float(jumps[_BLOCK - 1 :: _BLOCK].mean())
            inside = float(jumps[_BLOCK // 2 - 1 :: _BLOCK].mean())
            ratios.append((edges + _GROUND) / (inside + _GROUND))
        return (max(ratios),)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much is taken."""

    max_ratio: float = limit(1.35, "times", least=1, says="Jumps at block edges over those inside.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Judge what is usual."""
    trace = facts.trace
    typical = usual(trace["blocks"], 1.0)
    time, _ = max(trace.known("blocks"), key=lambda pair: pair[1], default=(0.0, 1.0))
    value = Measure(round(typical, 3), "times", f"at most {tolerances.max_ratio:g} times")
    if typical <= tolerances.max_ratio:
        return Result(Status.PASS, "No blocks can be seen.", measure=value)
    said = f"The picture falls into blocks, most at {clock(time)}."
    advice = "Ask for a higher bit rate, or encode again from the source."
    return Result(Status.WARN, said, advice, value, at=(time, time), worst=time)


CHECK = Check(
    "blockiness", 1, "Blockiness", CLIPS, Needs.TRACE, Severity.MINOR, Tolerances, judge, Blocks
)
