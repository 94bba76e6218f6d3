"""How far a judge is to be trusted, by its opinions and people's decisions."""

import random

import pytest

from callsheet.quality.judge.calibration import (
    ANY,
    LEAST_DECISIONS,
    Calibration,
    Compared,
    Point,
    calibrated,
    is_sampled,
    named_in,
    wilson,
)
from callsheet.quality.judge.questions import Failure

MODEL = "gemini/gemini-3-8-flash"
TYPES = frozenset({Failure.OBJECT, Failure.COUNT, Failure.ANATOMY})


def compared(
    *, passed: bool, good: bool, reason: str = "", wrong: frozenset[Failure] = frozenset()
) -> Compared:
    """Word a take of which both have said something."""
    return Compared(MODEL, passed, TYPES, wrong, good, reason)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (1, 100, 0.0018, 0.0545), (0, 0, 0.0, 1.0)],
)
def test_intervals_are_wilsons(hits: int, of: int, low: float, high: float) -> None:
    """Against published values (Brown, Cai and DasGupta 2001, and R's prop.test uncorrected)."""
    found = wilson(hits, of)
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)


def test_two_hundred_decisions_show_the_rate_that_was_put_in() -> None:
    """Of what the judge passes one in eight is bad: inside the interval that is shown."""
    dice, injected = random.Random(7), 0.125  # noqa: S311  # repeatable
    told = [
        compared(passed=True, good=dice.random() >= injected)
        if dice.random() < 0.8
        else compared(passed=False, good=dice.random() < 0.2)
        for _ in range(200)
    ]
    table = calibrated(told)[MODEL].table(ANY)
    assert table.decisions == 200
    assert table.false_passes.low < injected < table.false_passes.high
    assert table.false_fails.low < 0.2 < table.false_fails.high


def test_intervals_hold_what_was_put_in_about_as_often_as_they_say() -> None:
    """Over 300 such judges the rate lies inside at least nine times in ten."""
    dice, inside = random.Random(1), 0  # noqa: S311  # repeatable
    for _ in range(300):
        bad = sum(dice.random() < 0.06 for _ in range(200))
        found = wilson(bad, 200)
        inside += found.low <= 0.06 <= found.high
    assert inside >= 270


def test_nobody_passes_alone_before_twenty_decisions_about_each_failure() -> None:
    """Nineteen are too few; of a failure that nobody decided about, too."""
    nearly = calibrated([compared(passed=True, good=True)] * (LEAST_DECISIONS - 1))[MODEL]
    assert "19 of 20" in str(nearly.doubts(TYPES, Point.FAST))
    enough = calibrated([compared(passed=True, good=True)] * LEAST_DECISIONS)[MODEL]
    assert enough.doubts(TYPES, Point.FAST) is None
    assert enough.doubts({*TYPES, Failure.TEXT}, Point.FAST) is not None
    assert Calibration(MODEL).doubts(TYPES, Point.FAST) is not None


def test_a_careful_judge_must_have_proved_more() -> None:
    """Twenty good ones may hide one bad in six; forty no more than one in eleven."""
    twenty = calibrated([compared(passed=True, good=True)] * 20)[MODEL]
    forty = calibrated([compared(passed=True, good=True)] * 40)[MODEL]
    assert twenty.doubts(TYPES, Point.CAREFUL) is not None
    assert forty.doubts(TYPES, Point.CAREFUL) is None
    careless = [compared(passed=True, good=False)] * 20
    assert calibrated([*careless, *[compared(passed=True, good=True)] * 40])[MODEL].doubts(
        TYPES, Point.FAST
    )


def test_a_failure_that_the_judge_does_not_see_shows_in_its_own_table() -> None:
    """A person names what is wrong; other failures are not counted then."""
    told = [compared(passed=True, good=True)] * 30
    told += [compared(passed=True, good=False, reason="anatomy: six fingers")] * 6
    told += [
        compared(passed=False, good=False, reason="count: three", wrong=frozenset({Failure.COUNT}))
    ] * 4
    found = calibrated(told)[MODEL]
    assert found.table(Failure.ANATOMY).false_pass == 6
    assert found.table(Failure.COUNT).true_fail == 4
    assert found.table(Failure.COUNT).false_pass == 0
    assert found.table(Failure.OBJECT).decisions == 30
    assert "anatomy" in str(found.doubts({Failure.ANATOMY}, Point.FAST)) or found.doubts(
        (), Point.FAST
    )


def test_reasons_name_failures_before_a_colon() -> None:
    """Words behind it, or without one, name nothing."""
    assert named_in("count, anatomy: six fingers on two hands") == {
        Failure.COUNT,
        Failure.ANATOMY,
    }
    assert named_in("the light is wrong") == set()


def test_one_in_ten_is_sampled_and_always_the_same() -> None:
    """By what they are, not by chance."""
    names = [f"tk_{n}" for n in range(4_000)]
    sampled = [name for name in names if is_sampled(name, "a" * 64)]
    assert 320 < len(sampled) < 480
    assert sampled == [name for name in names if is_sampled(name, "a" * 64)]
