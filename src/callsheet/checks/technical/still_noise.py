"""Noise of a picture, at full size, where it is calmest."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much is taken."""

    max_deviation: float = limit(8.0, "of 255", most=255, says="Standard deviation, in greys.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare its noise with what is taken."""
    found, most = facts.still.noise, tolerances.max_deviation
    value = Measure(round(found, 2), "of 255", f"at most {most:g} of 255")
    if found <= most:
        return Result(Status.PASS, "It is not noisy.", measure=value)
    return Result(Status.WARN, "It is noisy.", "If no grain was meant, ask again.", value)


CHECK = Check("still_noise", 1, "Noise", STILLS, Needs.STILL, Severity.MINOR, Tolerances, judge)
