"""Loudness of the whole, as EBU R 128 measures it (ITU-R BS.1770-4)."""

from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How loud it should be."""

    target: float = limit(-16.0, "LUFS", least=-60, most=0, says="Integrated loudness.")
    within: float = limit(4.0, "LU", says="How far off it may be.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare what is heard over all with the target."""
    found = facts.sound.loudness
    if found is None:
        return not_applicable("Its sound is too quiet or too short to have a loudness.")
    low, high = tolerances.target - tolerances.within, tolerances.target + tolerances.within
    value = Measure(round(found, 2), "LUFS", f"{low:g} to {high:g} LUFS")
    if low <= round(found, 1) <= high:
        return Result(Status.PASS, f"It is {found:.1f} LUFS loud.", measure=value)
    off = found - tolerances.target
    said = f"It is {abs(off):.1f} LU {'louder' if off > 0 else 'quieter'} than it should be."
    return Result(Status.FAIL, said, f"Change its level by {-off:+.1f} dB.", value)


CHECK = Check("loudness", 1, "Loudness", HEARD, Needs.SOUND, Severity.MAJOR, Tolerances, judge)
