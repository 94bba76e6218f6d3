"""Phase: channels that work against each other are gone when a telephone plays them as one."""

from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far they may work against each other."""

    warn_below: float = limit(-0.2, "", least=-1, most=1, says="Correlation of left and right.")
    fail_below: float = limit(-0.7, "", least=-1, most=1, says="Correlation of left and right.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Judge the correlation over all."""
    found = facts.sound.correlation
    if found is None:
        return not_applicable("It has one channel, or one that is silent.")
    bound = f"at least {tolerances.warn_below:g}"
    value = Measure(round(found, 3), tolerance=bound)
    if found >= tolerances.warn_below:
        return Result(Status.PASS, "Its channels go together.", measure=value)
    status = Status.FAIL if found < tolerances.fail_below else Status.WARN
    said = "Left and right work against each other: played as one they vanish."
    return Result(status, said, "Turn the phase of one channel.", value)


CHECK = Check("phase", 1, "Phase", HEARD, Needs.SOUND, Severity.MAJOR, Tolerances, judge)
