"""Transparency of a picture: there where it was asked for, absent where it was not."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is asked where the order says nothing."""

    alpha: str = limit("any", choices=("any", "required", "none"), says="Whether it is cut out.")
    least: float = limit(0.02, "share", most=1, says="Of pixels to be seen through, if cut out.")
    empty: float = limit(0.98, "share", most=1, says="Of pixels seen through: then it is empty.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare how much can be seen through with what is asked."""
    through = facts.still.see_through
    asked = {True: "required", False: "none", None: tolerances.alpha}[facts.order.alpha]
    value = Measure(round(through, 4), "share", asked)
    if through >= tolerances.empty:
        return Result(Status.FAIL, "There is nothing in the picture.", "Have it made again.", value)
    if asked == "required" and through < tolerances.least:
        said = "It should be cut out, but has a ground."
        return Result(Status.FAIL, said, "Have its ground removed.", value)
    if asked == "none" and (through or facts.still.soft_edge):
        said = f"{through:.0%} of it can be seen through."
        return Result(Status.FAIL, said, "Put it on a ground.", value)
    return Result(Status.PASS, f"{through:.0%} of it can be seen through.", measure=value)


CHECK = Check(
    "still_alpha", 1, "Transparency", STILLS, Needs.STILL, Severity.MAJOR, Tolerances, judge
)
