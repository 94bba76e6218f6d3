"""Loudness range: how far soft and loud passages lie apart (EBU Tech 3342)."""

from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit

_SHORTEST_S = 3.0  # the window of short-term loudness, of which the range is made


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How wide it may be."""

    max_lu: float = limit(20.0, "LU", says="A wider range fails.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare its range with what is taken."""
    sound = facts.sound
    if sound.loudness_range is None or sound.loudness is None or sound.duration_s < _SHORTEST_S:
        return not_applicable("Its sound is too quiet or too short to have a range.")
    found, most = sound.loudness_range, tolerances.max_lu
    value = Measure(round(found, 2), "LU", f"at most {most:g} LU")
    if found <= most:
        return Result(Status.PASS, f"Its loudness ranges over {found:.1f} LU.", measure=value)
    said = f"Soft and loud passages lie {found:.1f} LU apart."
    return Result(Status.FAIL, said, "Compress it.", value)


CHECK = Check(
    "loudness_range", 1, "Loudness range", HEARD, Needs.SOUND, Severity.MINOR, Tolerances, judge
)
