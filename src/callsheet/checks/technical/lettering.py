"""Lettering in a picture for which none was asked: texture like that of text; nothing is read."""

from dataclasses import dataclass

from callsheet.ports.checks import (
    STILLS,
    Check,
    Facts,
    Measure,
    Needs,
    Result,
    not_applicable,
    not_assessed,
)
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """From when on it is told."""

    asked: bool = limit(default=True, says="Whether letters may be in it, if the order is silent.")
    warn_share: float = limit(0.01, "share", most=1, says="Of the picture that is like text.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Warn where much is like text; where little is, nobody knows: it is never passed."""
    ordered = facts.order.lettering
    if tolerances.asked if ordered is None else ordered:
        return not_applicable("Letters may be in it.")
    found = facts.still.lettering
    if found >= tolerances.warn_share:
        return Result(
            Status.WARN,
            f"{found:.1%} of the picture looks like text.",
            "Look whether there are letters that nobody asked for.",
            Measure(round(found, 4), "share", f"under {tolerances.warn_share:g}"),
        )
    return not_assessed("Whether there are letters in it was not read.")


CHECK = Check(
    "lettering", 1, "Unasked lettering", STILLS, Needs.STILL, Severity.INFO, Tolerances, judge
)
