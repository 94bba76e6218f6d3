"""Interlacing: comb teeth where something moves, whatever the file says of its fields."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit

if TYPE_CHECKING:
    from callsheet.media.measuring.views import View

_TEETH = 300  # product of two differences of lines, in greys: 17 each


class Combs:
    """Share of pixels that lie above or below both of their neighbours, as the teeth of a comb do.

    Of a still pattern of lines the frame before has as many: only what is new counts.
    """

    columns = ("comb",)

    def __call__(self, view: "View") -> tuple[float, ...]:
        """Measure."""
        if not view.sampled or view.luma.shape[0] < 3:  # noqa: PLR2004  # no line between two
            return (math.nan,)
        lines = view.luma[:, ::2].astype("int16")
        up, down = lines[1:-1] - lines[:-2], lines[1:-1] - lines[2:]
        return (float((up.astype("int32") * down > _TEETH).mean()),)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much combing is taken."""

    max_share: float = limit(0.015, "share", most=1, says="Of pixels that are teeth of a comb.")
    flagged: bool = limit(default=False, says="Whether a clip that says it is interlaced is taken.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare the most combed frame with what stands still."""
    trace, video = facts.trace, facts.probe.video
    known = list(trace.known("comb"))
    time, most = max(known, key=lambda pair: pair[1], default=(0.0, 0.0))
    least = min((share for _, share in known), default=0.0)
    value = Measure(round(most - least, 4), "share", f"at most {tolerances.max_share:g} of pixels")
    if most - least > tolerances.max_share:
        said = f"Moving edges are torn into lines, most at {clock(time)}: it is interlaced."
        advice = "Deinterlace it from its source."
        return Result(Status.FAIL, said, advice, value, at=(time, time), worst=time)
    flagged = (video is not None and video.interlaced) or any(trace["fields"])
    if flagged and not tolerances.flagged:
        said = "The file says that it is interlaced; no torn edges were found."
        return Result(Status.WARN, said, "Have the flag removed, or deinterlace it.", value)
    return Result(Status.PASS, "It is not interlaced.", measure=value)


CHECK = Check(
    "interlace", 1, "Interlacing", CLIPS, Needs.TRACE, Severity.MAJOR, Tolerances, judge, Combs
)
