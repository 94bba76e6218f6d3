"""Halo: a fringe in the colours of another ground around what was cut out."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much is taken."""

    max_difference: float = limit(0.15, "share", most=1, says="Of colour, edge against inside.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare the colours of the soft edge with those of the inside next to it."""
    found, most = facts.still.halo, tolerances.max_difference
    if found is None:
        return not_applicable("It has no soft edge.")
    value = Measure(round(found, 3), "share", f"at most {most:g}")
    if found <= most:
        return Result(Status.PASS, "Its edge has the colours of its inside.", measure=value)
    said = "Its edge has a fringe in other colours."
    return Result(Status.WARN, said, "Clean the edge, or cut it out again.", value)


CHECK = Check("still_halo", 1, "Halo", STILLS, Needs.STILL, Severity.MINOR, Tolerances, judge)
