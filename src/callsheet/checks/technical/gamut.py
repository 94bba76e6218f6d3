"""Gamut: pixels whose luma and chroma make no colour that a screen has (EBU R 103: 1 %)."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callsheet.checks.spans import usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_assessed
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit

if TYPE_CHECKING:
    from callsheet.media.measuring.views import View

_EVERY = 4
_OVER, _UNDER = 1.05, -0.05  # of full: R 103 allows 5 % beyond
# BT.709, limited range: red and blue from luma and chroma, green from what is left
_RED, _BLUE, _GREEN_BLUE, _GREEN_RED = 1.5748, 1.8556, 0.1873, 0.4681
_PLANES = 3
_EIGHT = 8


class Gamut:
    """Share of pixels whose red, green or blue lies beyond what R 103 allows."""

    columns = ("beyond",)

    def __call__(self, view: "View") -> tuple[float, ...]:
        """Measure 8-bit 4:2:0, 4:2:2 and 4:4:4 in limited range; nothing else."""
        pixels = view.frame.format
        plain = pixels.is_planar and not pixels.is_rgb and len(pixels.components) == _PLANES
        if not view.sampled or not plain or pixels.components[0].bits != _EIGHT:
            return (math.nan,)
        blue, red = (view.plane(index) for index in (1, 2))
        across = round(view.luma.shape[1] / blue.shape[1])
        along = round(view.luma.shape[0] / blue.shape[0])
        step = max(1, _EVERY // across)
        u = (blue[::step, ::step].astype("float32") - 128) / 224
        v = (red[::step, ::step].astype("float32") - 128) / 224
        y = (view.luma[:: step * along, :: step * across].astype("float32") - 16) / 219
        high, wide = min(y.shape[0], u.shape[0]), min(y.shape[1], u.shape[1])
        y, u, v = (each[:high, :wide] for each in (y, u, v))
        made = (y + _RED * v, y - _GREEN_BLUE * u - _GREEN_RED * v, y + _BLUE * u)
        beyond = made[0] != made[0]
        for each in made:
            beyond |= (each > _OVER) | (each < _UNDER)
        return (float(beyond.mean()),)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much may lie outside."""

    max_share: float = limit(0.01, "share", most=1, says="Of pixels beyond 5 % (EBU R 103).")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Judge what is usual; single frames only warn."""
    known = list(facts.trace.known("beyond"))
    if not known:
        return not_assessed("It is measured of 8-bit pictures in luma and chroma only.")
    time, most = max(known, key=lambda pair: pair[1])
    value = Measure(round(most, 4), "share", f"at most {tolerances.max_share:g} of pixels")
    if most <= tolerances.max_share:
        return Result(Status.PASS, "Its colours can be shown.", measure=value)
    often = usual(share for _, share in known) > tolerances.max_share
    said = f"At {clock(time)} {most:.1%} of the picture has colours that no screen can show."
    status = Status.FAIL if often else Status.WARN
    return Result(status, said, "Limit saturation.", value, at=(time, time), worst=time)


CHECK = Check("gamut", 1, "Gamut", CLIPS, Needs.TRACE, Severity.MINOR, Tolerances, judge, Gamut)
