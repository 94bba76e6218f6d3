"""What is known of the quality of what a take made, as documents tell it."""

from collections.abc import Sequence
from enum import StrEnum

from callsheet.jobs.decisions import Choice, Decision
from callsheet.quality.verdicts import Action, TakeVerdict, failed


class Quality(StrEnum):
    """Where a file stands with those who check it."""

    PASS = "pass"  # noqa: S105  # no password
    WARN = "warn"
    FAIL = "fail"
    NEEDS_PERSON = "needs_human"  # nothing has assessed it for certain: never shown as passed


def quality_of(made: object | None, assessed: Quality | None = None) -> Quality | None:
    """Say how a take's file stands: nothing is said where nothing was made.

    What no check has assessed needs a person.
    """
    if made is None:
        return None
    return assessed or Quality.NEEDS_PERSON


def assessed_as(verdicts: Sequence[TakeVerdict], decided: Decision | None = None) -> Quality | None:
    """Say what gates, and a person whose decision holds, say together; None if nobody has."""
    if decided is not None:
        return Quality.FAIL if decided.choice is Choice.REJECT else Quality.PASS
    if any(each.action is Action.PERSON for each in verdicts):
        return Quality.NEEDS_PERSON
    if failed(verdicts):
        return Quality.FAIL
    if not verdicts:
        return None
    return Quality.WARN if any(each.warned for each in verdicts) else Quality.PASS


def said_of(verdicts: Sequence[TakeVerdict], decided: Decision | None = None) -> str:
    """Say in a sentence or two why a file stands where it stands; "" where nothing is to say."""
    if decided is not None:
        words = {Choice.REJECT: "rejected", Choice.OVERRIDE: "approved against its checks"}
        reason = f": {decided.reason}" if decided.reason else ""
        return f"{words.get(decided.choice, 'approved')} by {decided.by}{reason}"
    parts = [f"{seen.check}: {seen.sentence}" for each in verdicts for seen in each.observations]
    return " ".join([*parts, *(f"({each.why})" for each in verdicts if each.why)])
