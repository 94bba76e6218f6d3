"""Size of a picture, upright, against the order."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is asked of its size."""

    min_short_side: int = limit(512, "px", least=1, says="The shorter side has at least so many.")
    order_tolerance: float = limit(0.0, "share", most=1, says="How far off the order.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare its size with what is asked."""
    picture, order = facts.probe.picture, facts.order
    if picture is None:
        return not_applicable("It is no still picture.")
    size, short = f"{picture.width} x {picture.height}", min(picture.width, picture.height)
    value = Measure(size, "px", f"at least {tolerances.min_short_side} px")
    pairs = ((picture.width, order.width), (picture.height, order.height))
    off = [
        want
        for have, want in pairs
        if want and abs(have - want) > tolerances.order_tolerance * want
    ]
    if off:
        asked = f"{order.width or 'any'} x {order.height or 'any'}"
        said = f"The picture is {size}, {asked} was asked for."
        return Result(Status.FAIL, said, "Ask again, or scale it.", value)
    if short < tolerances.min_short_side:
        said = f"The picture is {size}; its shorter side needs {tolerances.min_short_side} pixels."
        return Result(Status.FAIL, said, "Ask for a larger size.", value)
    return Result(Status.PASS, f"The picture is {size}.", measure=value)


CHECK = Check("still_size", 1, "Size", STILLS, Needs.PROBE, Severity.MAJOR, Tolerances, judge)
