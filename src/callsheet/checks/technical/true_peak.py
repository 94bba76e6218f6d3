"""True peak: the highest level between samples, too (ITU-R BS.1770-4, annex 2)."""

from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How high it may go."""

    max_dbtp: float = limit(-1.0, "dBTP", least=-60, most=6, says="A higher peak fails.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare its highest peak with what is taken."""
    found, most = facts.sound.true_peak, tolerances.max_dbtp
    if found is None:
        return not_applicable("Its sound is silent.")
    value = Measure(round(found, 2), "dBTP", f"at most {most:g} dBTP")
    if round(found, 1) <= most:
        return Result(Status.PASS, f"Its highest peak is {found:.1f} dBTP.", measure=value)
    said = f"Its sound peaks at {found:.1f} dBTP and may distort when it is played."
    return Result(Status.FAIL, said, f"Lower it by {found - most:.1f} dB, or limit it.", value)


CHECK = Check("true_peak", 1, "True peak", HEARD, Needs.SOUND, Severity.MAJOR, Tolerances, judge)
