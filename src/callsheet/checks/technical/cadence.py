"""Cadence: repeated frames in a regular pattern, as where 25 a second were stretched to 30."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from callsheet.checks.spans import numbers, usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit

_PERIODS = range(2, 9)
_LEAST = 32  # frames


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is taken."""

    max_score: float = limit(0.5, "share", most=1, says="How regular the repeated frames are.")
    repeated: float = limit(0.5, "times", most=1, says="Of the usual change: less is a repeat.")
    min_step: float = limit(1.0, "of 255", most=255, says="What hardly changes is not judged.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Fold the repeats by each period; the one in which they all fall together is the cadence."""
    trace = facts.trace
    steps = trace["step"]
    moving = usual(step for step in numbers(steps) if step > tolerances.min_step / 10)
    if len(trace) < _LEAST or moving < tolerances.min_step:
        return not_applicable("Too little changes in it to tell.")
    repeats = [not math.isnan(step) and step < tolerances.repeated * moving for step in steps]
    score, period = max((_score(repeats, period), -period) for period in _PERIODS)
    value = Measure(round(score, 3), "share", f"at most {tolerances.max_score:g}")
    if score <= tolerances.max_score:
        return Result(Status.PASS, "Every frame is a new one.", measure=value)
    said = f"Every {_ordinal(-period)} frame repeats the one before it: its own rate is lower."
    advice = "Have the repeated frames removed, and deliver it at its own rate."
    at, first = (trace.times[0], trace.times[-1]), trace.times[repeats.index(True)]
    return Result(Status.FAIL, said, advice, value, at=at, worst=first)


def _score(repeats: Sequence[bool], period: int) -> float:
    """Share of repeats in the phase that has most of them, less their share elsewhere."""
    shares = []
    for phase in range(period):
        inside = repeats[phase::period]
        outside = [each for place, each in enumerate(repeats) if place % period != phase]
        shares.append(sum(inside) / len(inside) - sum(outside) / len(outside))
    return max(shares)


def _ordinal(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")


CHECK = Check("cadence", 1, "Cadence", CLIPS, Needs.TRACE, Severity.MAJOR, Tolerances, judge)
