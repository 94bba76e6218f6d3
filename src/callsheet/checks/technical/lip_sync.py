"""Lip sync: nothing here can see lips, and it says so."""

from dataclasses import dataclass

from callsheet.ports.checks import CLIPS, Check, Facts, Needs, Result, not_applicable, not_assessed
from callsheet.ports.findings import Severity
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """From when on somebody should look."""

    speech: float = limit(0.3, "share", most=1, says="Of moments that sound like speech.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Send clips with speech to a person."""
    speech = facts.sound.speech
    if speech is None or speech < tolerances.speech:
        return not_applicable("Nothing in it sounds like speech.")
    return not_assessed("Whether lips and words go together is not measured.")


CHECK = Check("lip_sync", 1, "Lip sync", CLIPS, Needs.SOUND, Severity.INFO, Tolerances, judge)
