"""Findings: what one check answers about one file."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What a check came to."""

    PASS = "pass"  # noqa: S105  # no password
    WARN = "warn"
    FAIL = "fail"
    NOT_ASSESSED = "not_assessed"  # it matters, and could not be measured: a person must look
    NOT_APPLICABLE = "not_applicable"  # there is nothing of the kind in this file
    ERROR = "error"  # the check itself failed; try again


class Severity(StrEnum):
    """How much it matters to who gets the file."""

    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's answer about one file.

    `value` is in `unit`; `tolerance` says in words what would pass. `at` is where it was found, in
    seconds, and `worst` the moment whose picture shows it. `sentence` is for a client who knows
    nothing of checks; `advice` says what to do, empty where nothing is to be done.
    """

    check: str
    version: int
    status: Status
    severity: Severity
    sentence: str
    advice: str = ""
    value: float | str | None = None
    unit: str = ""
    tolerance: str = ""
    at: tuple[float, float] | None = None
    worst: float | None = None
    assessor: str = "measured"


def clock(seconds: float) -> str:
    """Spell a moment: 1:02.50."""
    whole = max(0.0, seconds)
    return f"{int(whole // 60)}:{whole % 60:05.2f}"
