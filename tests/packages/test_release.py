"""What keeps a file from leaving, each reason by name."""

import pytest

from callsheet.delivery.release import Master, Reason, left_out, refusals, standing
from callsheet.jobs.decisions import Choice
from callsheet.quality.states import Quality


def reasons(**known: object) -> list[Reason]:
    master = Master("row 1", "tk_1", "a" * 64, **known)  # type: ignore[arg-type]  # by name
    return [each.reason for each in refusals(master)]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, []),
        ({"quality": Quality.NEEDS_PERSON}, []),
        ({"stale": True}, [Reason.STALE]),
        ({"quality": Quality.FAIL}, [Reason.FAILED_QUALITY]),
        ({"quality": Quality.FAIL, "decided": Choice.APPROVE}, [Reason.FAILED_QUALITY]),
        ({"quality": Quality.FAIL, "decided": Choice.OVERRIDE}, []),
        ({"approval_asked": True}, [Reason.UNAPPROVED]),
        ({"approval_asked": True, "decided": Choice.APPROVE}, []),
        ({"approval_asked": True, "approved_whole": True}, []),
        ({"signing_asked": True}, [Reason.UNSIGNED]),
        ({"signing_asked": True, "signed": True}, []),
        ({"stale": True, "approval_asked": True}, [Reason.STALE, Reason.UNAPPROVED]),
    ],
)
def test_reasons(known: dict[str, object], expected: list[Reason]) -> None:
    """Each rule refuses by itself, and only where its own thing was asked for."""
    assert reasons(**known) == expected


def test_a_rejected_file_is_no_part_of_a_package() -> None:
    """It is left out rather than refused: the variant that was approved still leaves."""
    assert left_out(Master("row 1", "tk_1", "a", decided=Choice.REJECT))
    assert not left_out(Master("row 1", "tk_1", "a", decided=Choice.APPROVE))


def test_an_override_holds_for_these_bytes_alone() -> None:
    """The same take with other bytes is refused anew."""
    before = [*refusals(Master("row 1", "tk_1", "a", stale=True))]
    after = [*refusals(Master("row 1", "tk_1", "b", stale=True))]
    keys = {each.key for each in before}
    assert standing(before, keys) == []
    assert standing(after, keys) == after
