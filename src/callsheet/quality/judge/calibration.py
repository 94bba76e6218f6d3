"""How far a judge can be trusted: its opinions against the decisions of people.

Counted by model and by failure, because one average hides which failures a judge does not see. An
interval is Wilson's (1927): it stays honest for few decisions and for rates near 0 and 1.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from callsheet.kernel.digests import sha256_of
from callsheet.quality.judge.questions import Failure

LEAST_DECISIONS: Final = 20
SAMPLED_ONE_IN: Final = 10
ANY: Final = "any"  # whether a take is good at all
_Z: Final = 1.959964  # 95 % of a normal distribution lie within
_NAMED: Final = re.compile(r"[a-z]+")


class Point(StrEnum):
    """Where a judge stands between sparing people and missing failures."""

    CAREFUL = "careful"
    FAST = "fast"


MOST_FALSE_PASSES: Final[Mapping[Point, float]] = {Point.CAREFUL: 0.10, Point.FAST: 0.20}


@dataclass(frozen=True, slots=True)
class Interval:
    """A share that was measured, and between what it lies with 95 % confidence."""

    share: float | None
    low: float
    high: float


def wilson(hits: int, of: int) -> Interval:
    """Measure a share; of nothing it may be anything."""
    if of == 0:
        return Interval(None, 0.0, 1.0)
    share, square = hits / of, _Z * _Z
    middle = share + square / (2 * of)
    around = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    below = 1 + square / of
    return Interval(share, max(0.0, (middle - around) / below), min(1.0, (middle + around) / below))


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a judge said, against what people decided."""

    true_pass: int = 0
    false_pass: int = 0  # passed by the judge, and rejected by a person
    true_fail: int = 0
    false_fail: int = 0  # failed by the judge, and approved by a person

    @property
    def decisions(self) -> int:
        """How many takes both have judged."""
        return self.true_pass + self.false_pass + self.true_fail + self.false_fail

    @property
    def false_passes(self) -> Interval:
        """Of what the judge passed, the share that people rejected."""
        return wilson(self.false_pass, self.true_pass + self.false_pass)

    @property
    def false_fails(self) -> Interval:
        """Of what the judge failed, the share that people approved."""
        return wilson(self.false_fail, self.true_fail + self.false_fail)

    @property
    def agreement(self) -> Interval:
        """The share of takes of which both said the same."""
        return wilson(self.true_pass + self.true_fail, self.decisions)

    def with_one(self, *, passed: bool, good: bool) -> "Confusion":
        """Count one more take."""
        return Confusion(
            self.true_pass + (passed and good),
            self.false_pass + (passed and not good),
            self.true_fail + (not passed and not good),
            self.false_fail + (not passed and good),
        )


@dataclass(frozen=True, slots=True)
class Compared:
    """A take that the judge had an opinion of and a person decided about.

    `types` are the failures that were looked for, `wrong` those that the judge found. `reason` is
    what the person wrote.
    """

    model: str
    passed: bool
    types: Collection[Failure]
    wrong: Collection[Failure]
    good: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Calibration:
    """One model's confusion tables, by failure and for `any`."""

    model: str
    tables: Mapping[str, Confusion] = field(default_factory=dict)

    def table(self, name: str) -> Confusion:
        """Read one table; an empty one where nothing was decided."""
        return self.tables.get(name, Confusion())

    def doubts(self, types: Iterable[Failure], point: Point) -> str | None:
        """Say why it may not pass a take alone that was looked at for these; None if it may."""
        most = MOST_FALSE_PASSES[point]
        for name in (ANY, *sorted(types)):
            table = self.table(name)
            if table.decisions < LEAST_DECISIONS:
                return f"{table.decisions} of {LEAST_DECISIONS} decisions are known of {name}"
            high = table.false_passes.high
            if high > most:
                said = f"up to {high:.0%} of what it passes may be bad ({name})"
                return f"{said}, and {point} allows {most:.0%}"
        return None

    def to_json(self) -> dict[str, Any]:
        """Tell it as JSON."""
        order = [ANY, *Failure]
        return {
            "model": self.model,
            "may_pass_alone": {str(point): self.doubts((), point) is None for point in Point},
            "failures": [
                {"failure": str(name), **table_json(self.table(name))}
                for name in order
                if self.table(name).decisions
            ],
        }


def table_json(table: Confusion) -> dict[str, Any]:
    """Tell a table and its shares as JSON; an interval is [low, high]."""
    shares = {
        "false_pass_rate": table.false_passes,
        "false_fail_rate": table.false_fails,
        "agreement": table.agreement,
    }
    told: dict[str, Any] = {
        "decisions": table.decisions,
        "enough": table.decisions >= LEAST_DECISIONS,
        "true_pass": table.true_pass,
        "false_pass": table.false_pass,
        "true_fail": table.true_fail,
        "false_fail": table.false_fail,
    }
    for name, interval in shares.items():
        share = None if interval.share is None else round(interval.share, 4)
        told[name] = share
        told[f"{name}_interval"] = [round(interval.low, 4), round(interval.high, 4)]
    return told


def calibrated(compared: Iterable[Compared]) -> dict[str, Calibration]:
    """Count what was compared, by model.

    Who approves a take says that nothing it was looked at for is wrong. Who rejects one says what
    is wrong by beginning the reason with it ("count: three bottles"); of other failures nothing is
    known then.
    """
    tables: dict[str, dict[str, Confusion]] = {}
    for each in compared:
        of_model = tables.setdefault(each.model, {})

        def count(name: str, *, passed: bool, good: bool, into: dict[str, Confusion]) -> None:
            into[name] = into.get(name, Confusion()).with_one(passed=passed, good=good)

        count(ANY, passed=each.passed, good=each.good, into=of_model)
        told = each.types if each.good else named_in(each.reason) & set(each.types)
        for failure in told:
            count(failure, passed=failure not in each.wrong, good=each.good, into=of_model)
    return {model: Calibration(model, of_model) for model, of_model in sorted(tables.items())}


def named_in(reason: str) -> set[Failure]:
    """Read the failures that a reason begins with, as in "count, anatomy: six fingers"."""
    head, colon, _ = reason.partition(":")
    if not colon:
        return set()
    return {Failure(word) for word in _NAMED.findall(head.lower()) if word in list(Failure)}


def is_sampled(take: str, asset: str) -> bool:
    """Choose one in ten of what passes for a person: always the same ones."""
    return int(sha256_of(f"{take} {asset}".encode())[:8], 16) % SAMPLED_ONE_IN == 0
