"""What is usual for a team: where the values of takes lie that its people approved.

The centre is the median and the spread 1.4826 times the median distance from it, which for values
of a normal distribution is their standard deviation; neither is moved by a few odd takes
(Rousseeuw, Croux: Alternatives to the Median Absolute Deviation, JASA 1993).
"""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from callsheet.ports.findings import Finding
from callsheet.quality.verdicts import Observation

ENOUGH: Final = 12  # approved takes from which on it is more than a hint
_FEWEST: Final = 4  # with fewer nothing is said
_TO_NORMAL: Final = 1.4826
_LEAST_SHARE: Final = 0.05  # of the centre that the spread is at least
_FAR: Final = 5.0  # spreads from the centre that are worth a word
_VERY_FAR: Final = 10.0  # ... and a person's look


@dataclass(frozen=True, slots=True)
class Usual:
    """Where the values of one check lie: centre and spread in its unit, over so many takes."""

    centre: float
    spread: float
    takes: int

    def distance(self, value: float) -> float:
        """Say how many spreads a value is from the centre."""
        return abs(value - self.centre) / self.spread


@dataclass(frozen=True, slots=True)
class Unusual:
    """What is unusual about a take; `asks` tells that a person should look at it."""

    observations: tuple[Observation, ...] = ()
    asks: bool = False


def usual_of(values: Sequence[float]) -> Usual | None:
    """Find centre and spread; None for too few values, or if they are all nothing."""
    if len(values) < _FEWEST:
        return None
    centre = statistics.median(values)
    spread = _TO_NORMAL * statistics.median(abs(value - centre) for value in values)
    spread = max(spread, _LEAST_SHARE * abs(centre))
    return Usual(centre, spread, len(values)) if spread > 0 else None


def values_of(findings: Iterable[Finding]) -> dict[str, float]:
    """Read what was measured, by check; what is no number has no centre."""
    return {
        each.check: float(each.value)
        for each in findings
        if isinstance(each.value, int | float) and not isinstance(each.value, bool)
    }


def unusual_in(findings: Sequence[Finding], usual: Mapping[str, Usual]) -> Unusual:
    """Compare what was measured of a take with what is usual."""
    seen, asks = [], False
    units = {each.check: each.unit for each in findings}
    for check, value in values_of(findings).items():
        known = usual.get(check)
        if known is None or known.distance(value) < _FAR:
            continue
        asks |= known.takes >= ENOUGH and known.distance(value) >= _VERY_FAR
        seen.append(Observation(f"usual_{check}", _sentence(check, value, known, units[check])))
    return Unusual(tuple(seen), asks)


def _sentence(check: str, value: float, usual: Usual, unit: str) -> str:
    """Say it as a ratio where there is one: "2.9 times the usual blur"."""
    name = check.removeprefix("still_").replace("_", " ")
    over = f"over {usual.takes} takes of this model and size that were approved"
    if usual.takes < ENOUGH:
        over += f"; with {ENOUGH} of them this will say more"
    if value > 0 and usual.centre > 0 and value / usual.centre >= 1.5:  # noqa: PLR2004
        return f"It has {value / usual.centre:.1f} times the usual {name} ({over})."
    of_unit = f" {unit}" if unit else ""
    return f"Its {name} is {value:.4g}{of_unit}, where {usual.centre:.4g} is usual ({over})."
