"""Clipping: runs of samples at full scale, where the wave was cut off."""

from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How often it may happen."""

    max_per_minute: float = limit(4.0, "runs/min", says="More runs fail, fewer warn.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Count runs."""
    sound, most = facts.sound, tolerances.max_per_minute
    rate = sound.clipped_runs / max(1.0, sound.duration_s / 60)
    value = Measure(round(rate, 2), "runs/min", f"at most {most:g} a minute")
    if not sound.clipped_runs:
        return Result(Status.PASS, "Its sound is not cut off.", measure=value)
    first = sound.clipped[0]
    said = f"Its sound is cut off {sound.clipped_runs} times, first at {clock(first)}."
    status = Status.FAIL if rate > most else Status.WARN
    advice = "Have it made again at a lower level: what is cut off is gone."
    return Result(status, said, advice, value, at=(first, sound.clipped[-1]), worst=first)


CHECK = Check("clipping", 1, "Clipping", HEARD, Needs.SOUND, Severity.MAJOR, Tolerances, judge)
