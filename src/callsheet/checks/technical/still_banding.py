"""Banding: smooth ground that changes in steps."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much is taken."""

    max_share: float = limit(0.12, "share", says="Of ground that stands in steps.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare how much of it stands in steps with what is taken."""
    found, most = facts.still.banding, tolerances.max_share
    value = Measure(round(found, 4), "share", f"at most {most:g}")
    if found <= most:
        return Result(Status.PASS, "Its ground is smooth.", measure=value)
    said = "Smooth ground, as a sky, stands in steps that can be seen."
    return Result(Status.WARN, said, "Ask for PNG or more quality; add fine grain.", value)


CHECK = Check("still_banding", 1, "Banding", STILLS, Needs.STILL, Severity.MINOR, Tolerances, judge)
