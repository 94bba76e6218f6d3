"""What is known of the quality of what a take made, as documents tell it."""

from enum import StrEnum


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
