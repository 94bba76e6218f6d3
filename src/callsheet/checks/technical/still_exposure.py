"""Exposure of a picture: how much of it is black or white without detail, and colours at an end."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much is taken; a product on white is mostly white."""

    max_dark: float = limit(0.6, "share", most=1, says="Of pixels that are black.")
    max_bright: float = limit(0.9, "share", most=1, says="Of pixels that are white.")
    max_clipped: float = limit(0.25, "share", most=1, says="Of pixels with a colour at its end.")
    min_spread: float = limit(4.0, "of 255", most=255, says="A picture of one tone shows nothing.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Name the first thing that is wrong."""
    still = facts.still
    limits = (
        f"at most {tolerances.max_dark:.0%} black, {tolerances.max_bright:.0%} white,"
        f" {tolerances.max_clipped:.0%} clipped colour"
    )
    if still.spread < tolerances.min_spread and still.see_through == 0:
        return Result(
            Status.FAIL,
            "It is of one tone and shows nothing.",
            "Have it made again.",
            Measure(round(still.spread, 2), "of 255", limits),
        )
    for share, most, what in (
        (still.dark, tolerances.max_dark, "black"),
        (still.bright, tolerances.max_bright, "white"),
        (still.clipped_colour, tolerances.max_clipped, "in colours that are clipped"),
    ):
        if share > most:
            said = f"{share:.0%} of it is {what}."
            advice = "Look whether detail is lost; ask for softer light."
            return Result(Status.WARN, said, advice, Measure(round(share, 3), "share", limits))
    return Result(
        Status.PASS, "It is well exposed.", "", Measure(round(still.mean, 1), "of 255", limits)
    )


CHECK = Check(
    "still_exposure", 1, "Exposure", STILLS, Needs.STILL, Severity.MINOR, Tolerances, judge
)
