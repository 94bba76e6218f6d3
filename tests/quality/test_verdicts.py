"""Verdicts: what fails decides, and what was not assessed is never passed."""

import pytest

from callsheet.ports.findings import Finding, Severity, Status
from callsheet.quality.model import Decision, verdict_of


def finding(status: Status, severity: Severity = Severity.MAJOR, check: str = "black") -> Finding:
    """Make a finding."""
    return Finding(check, 1, status, severity, "So it is.")


@pytest.mark.parametrize(
    ("statuses", "decision"),
    [
        ([Status.PASS], Decision.PASS),
        ([Status.PASS, Status.WARN, Status.NOT_APPLICABLE], Decision.PASS),
        ([Status.PASS, Status.FAIL, Status.NOT_ASSESSED], Decision.FAIL),
        ([Status.PASS, Status.NOT_ASSESSED], Decision.PERSON),
        ([Status.PASS, Status.ERROR], Decision.PERSON),
        ([], Decision.PERSON),
    ],
)
def test_worst_finding_decides(statuses: list[Status], decision: Decision) -> None:
    """One that fails fails all; one that is open asks for a person; nothing is no pass."""
    assert verdict_of(map(finding, statuses)).decision is decision


def test_what_matters_little_asks_for_nobody() -> None:
    """A remark that was not assessed does not stop a file."""
    known = [finding(Status.PASS), finding(Status.NOT_ASSESSED, Severity.INFO)]
    assert verdict_of(known).decision is Decision.PASS


def test_verdict_names_what_decided() -> None:
    """The checks that failed, by name."""
    known = [finding(Status.FAIL, check=name) for name in ("flash", "black")]
    assert verdict_of(known).because == ("flash", "black")
