"""Sharpness of a picture: how much detail a further blur takes away, at full size."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit

_FLAT = 0.3  # greys from pixel to pixel


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How soft it may be."""

    min_sharpness: float = limit(0.2, "share", most=1, says="Of changes that a blur takes away.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Warn of what is soft all over: shallow focus is soft in places only."""
    still, least = facts.still, tolerances.min_sharpness
    if still.detail < _FLAT:
        return not_applicable("There is no detail in it.")
    value = Measure(round(still.sharpness, 3), "share", f"at least {least:g}")
    if still.sharpness >= least:
        return Result(Status.PASS, "It is sharp.", measure=value)
    return Result(
        Status.WARN, "It is soft at full size.", "Look at it; ask for a larger one.", value
    )


CHECK = Check(
    "still_sharpness", 1, "Sharpness", STILLS, Needs.STILL, Severity.MINOR, Tolerances, judge
)
