"""Verdicts: what all findings about a file say together."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from callsheet.ports.findings import Finding, Severity, Status


class Decision(StrEnum):
    """What all findings together say."""

    PASS = "pass"  # noqa: S105  # no password
    FAIL = "fail"
    PERSON = "person"  # somebody must look


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all findings together say, and which of them decided it."""

    decision: Decision
    because: tuple[str, ...]


_OPEN: Final = frozenset({Status.NOT_ASSESSED, Status.ERROR})


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """Weigh findings: one that fails decides; what was not assessed is never passed.

    What matters little (`Severity.INFO`) and was not assessed asks for nobody.
    """
    known = list(findings)
    failed = tuple(each.check for each in known if each.status is Status.FAIL)
    if failed:
        return Verdict(Decision.FAIL, failed)
    unknown = tuple(
        each.check for each in known if each.status in _OPEN and each.severity is not Severity.INFO
    )
    if unknown or not known:
        return Verdict(Decision.PERSON, unknown)
    return Verdict(Decision.PASS, ())
