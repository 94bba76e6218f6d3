"""What a check is: a name, tolerances, and a pure function from facts to a result."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final, Generic, TypeVar

from callsheet.ports.findings import Finding, Severity, Status
from callsheet.ports.measuring import Measured, Medium, Probe, Sound, Still, Trace

T = TypeVar("T")
Tolerances = TypeVar("Tolerances")
CLIPS: Final = frozenset({Medium.VIDEO})
HEARD: Final = frozenset({Medium.VIDEO, Medium.AUDIO})
STILLS: Final = frozenset({Medium.IMAGE})
ANY: Final = frozenset(Medium)
_MISSING: Final = {
    "trace": "There are no moving pictures in it.",
    "sound": "There is no sound in it.",
    "still": "It is no still picture.",
}


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for; None where nothing was said.

    `lettering`, `music` and `voice` say whether such were asked for.
    """

    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    rate: Fraction | None = None
    alpha: bool | None = None
    lettering: bool | None = None
    music: bool | None = None
    voice: bool | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one file.

    `name` is what it is called, empty if nothing; `siblings` are other variants of the same thing:
    their names and likenesses.
    """

    probe: Probe
    measured: Measured = field(default_factory=Measured)
    order: Order = field(default_factory=Order)
    siblings: tuple[tuple[str, str], ...] = ()
    name: str = ""

    @property
    def trace(self) -> Trace:
        """What was measured of its frames; a check that needs it is not asked without."""
        return _there(self.measured.trace)

    @property
    def sound(self) -> Sound:
        """What was measured of its sound; a check that needs it is not asked without."""
        return _there(self.measured.sound)

    @property
    def still(self) -> Still:
        """What was measured of a picture; a check that needs it is not asked without."""
        return _there(self.measured.still)


def _there(value: T | None) -> T:
    if value is None:
        raise LookupError("it was not measured")
    return value


class Needs(StrEnum):
    """What must have been measured before a check can be asked."""

    PROBE = "probe"
    TRACE = "trace"
    SOUND = "sound"
    STILL = "still"
    BOTH = "both"  # frames and sound
    DECODED = "decoded"  # whatever is in it


@dataclass(frozen=True, slots=True)
class Measure:
    """What was measured, in `unit`, and in words what would pass."""

    value: float | str | None = None
    unit: str = ""
    tolerance: str = ""


NOTHING: Final = Measure()


@dataclass(frozen=True, slots=True)
class Result:
    """What a check's function answers; see Finding for the fields."""

    status: Status
    sentence: str
    advice: str = ""
    measure: Measure = NOTHING
    at: tuple[float, float] | None = None
    worst: float | None = None
    assessor: str = "measured"


def not_applicable(sentence: str) -> Result:
    """Answer that there is nothing of the kind in the file."""
    return Result(Status.NOT_APPLICABLE, sentence)


def not_assessed(sentence: str, advice: str = "Have a person look at it.") -> Result:
    """Answer that it could not be measured; a person must look."""
    return Result(Status.NOT_ASSESSED, sentence, advice)


@dataclass(frozen=True, slots=True)
class Check(Generic[Tolerances]):
    """One check. `tolerances` is a dataclass whose defaults hold where no profile says otherwise.

    `meter` is a class that measures each frame (see media.measuring.meters), where nobody else
    measures what this check needs. `media` are the kinds of file that it concerns.
    """

    name: str
    version: int
    title: str
    media: frozenset[Medium]
    needs: Needs
    severity: Severity
    tolerances: type[Tolerances]
    judge: Callable[[Facts, Tolerances], Result]
    meter: type[Any] | None = None

    def find(
        self, facts: Facts, tolerances: Tolerances, severity: Severity | None = None
    ) -> Finding:
        """Judge facts; a fault in the check is a finding too, and never a pass."""
        result = self._unanswerable(facts)
        if result is None:
            try:
                result = self.judge(facts, tolerances)
            except Exception as error:  # noqa: BLE001  # one check's fault ends no other
                where = traceback.extract_tb(error.__traceback__)[-1]
                said = f"The check failed ({type(error).__name__}: {error}; line {where.lineno})."
                result = Result(Status.ERROR, said, "Report this to who runs callsheet.")
        return Finding(
            self.name,
            self.version,
            result.status,
            severity or self.severity,
            result.sentence,
            result.advice,
            result.measure.value,
            result.measure.unit,
            result.measure.tolerance,
            result.at,
            result.worst,
            result.assessor,
        )

    def _unanswerable(self, facts: Facts) -> Result | None:
        if facts.probe.medium not in self.media:
            return not_applicable(f"It does not concern {_KINDS[facts.probe.medium]}.")
        for name in _PARTS.get(self.needs, ()):
            part = getattr(facts.measured, name)
            if part is None:
                if facts.measured.failures and _has(facts, name):
                    return not_assessed(
                        f"It could not be measured: {'; '.join(facts.measured.failures)}."
                    )
                return not_applicable(_MISSING[name])
            if name == "trace" and not len(facts.trace):
                return not_assessed("There is no frame in it that can be decoded.")
        return None


_PARTS: Final = {
    Needs.TRACE: ("trace",),
    Needs.SOUND: ("sound",),
    Needs.STILL: ("still",),
    Needs.BOTH: ("trace", "sound"),
}
_KINDS: Final = {
    Medium.VIDEO: "clips",
    Medium.AUDIO: "sound files",
    Medium.IMAGE: "still pictures",
}


def _has(facts: Facts, name: str) -> bool:
    probe = facts.probe
    there = {"trace": probe.video, "sound": probe.audio, "still": probe.picture}
    return there[name] is not None
