"""Silence: stretches of sound in which nothing can be heard."""

from dataclasses import dataclass

from callsheet.checks.spans import length, longest, spans_where
from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result, not_assessed
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit

_ALL = 0.98


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How long it may be silent."""

    max_s: float = limit(2.0, "s", says="A longer stretch warns; silence all through fails.")
    level_db: float = limit(-60.0, "dBFS", least=-120, most=0, says="What is quieter is silence.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Find the longest stretch."""
    sound = facts.sound
    if not len(sound.levels):
        return not_assessed("Its sound is too short to be measured.")
    times = [sound.start_s + place * sound.window_s for place in range(len(sound.levels))]
    spans = spans_where(times, sound.levels, lambda level: level < tolerances.level_db)
    worst = longest(spans)
    value = Measure(
        round(length(worst), 3),
        "s",
        f"at most {tolerances.max_s:g} s under {tolerances.level_db:g} dBFS",
    )
    if worst is None or (
        length(worst) <= tolerances.max_s and sum(map(length, spans)) < _ALL * sound.duration_s
    ):
        return Result(Status.PASS, "It is never silent for long.", measure=value)
    if sum(map(length, spans)) >= _ALL * sound.duration_s:
        said = "There is a sound track, but nothing can be heard in it."
        return Result(Status.FAIL, said, "Have the sound made again.", value, at=worst)
    said = f"Nothing can be heard from {clock(worst[0])} to {clock(worst[1])}."
    return Result(Status.WARN, said, "Listen whether it is meant so.", value, at=worst)


CHECK = Check("silence", 1, "Silence", HEARD, Needs.SOUND, Severity.MAJOR, Tolerances, judge)
