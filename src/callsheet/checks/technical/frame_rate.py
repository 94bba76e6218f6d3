"""Frame rate: exact, by the steps between all frames; a rate of 1000/1001 counts as its whole."""

from dataclasses import dataclass
from fractions import Fraction

from callsheet.ports.checks import (
    CLIPS,
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

_NTSC = Fraction(1000, 1001)


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Which rates are taken."""

    rates: tuple[int, ...] = limit((24, 25, 30, 50, 60), "fps", least=1, most=1000, says="Rates.")
    variable: bool = limit(default=False, says="Whether the rate may change within the clip.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare the rate that most frames have; one that changes is a verdict of its own."""
    video = facts.probe.video
    if video is None or video.frames <= 1:
        return not_applicable("There are no moving pictures in it.")
    if video.rate is None:
        return not_assessed("Its frames have no times that tell a rate.")
    taken = ", ".join(map(str, tolerances.rates))
    value = Measure(round(float(video.rate), 3), "fps", f"{taken} fps")
    spelled = _spelled(video.rate)
    if video.variable and not tolerances.variable:
        said = (
            f"The frame rate changes: mostly {spelled} fps, with {video.steps} different steps,"
            f" the longest {video.longest_step_s * 1000:.0f} ms."
        )
        return Result(Status.FAIL, said, "Convert it to a constant rate.", value)
    allowed = {Fraction(rate) * each for rate in tolerances.rates for each in (1, _NTSC)}
    if facts.order.rate is not None and video.rate != facts.order.rate:
        said = f"It runs at {spelled} fps, {_spelled(facts.order.rate)} was asked for."
        return Result(Status.FAIL, said, "Ask again, or convert the rate.", value)
    if video.rate not in allowed:
        return Result(Status.FAIL, f"It runs at {spelled} fps.", "Convert the rate.", value)
    return Result(Status.PASS, f"It runs at {spelled} fps.", measure=value)


def _spelled(rate: Fraction) -> str:
    if rate.denominator == 1:
        return str(rate.numerator)
    return f"{float(rate):.3f} ({rate.numerator}/{rate.denominator})"


CHECK = Check("frame_rate", 1, "Frame rate", CLIPS, Needs.PROBE, Severity.MAJOR, Tolerances, judge)
