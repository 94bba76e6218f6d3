"""The table of a take's moves, and sums of moves."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.rooms import CATALOG, NOW, a_job, a_take

from callsheet.jobs.errors import IllegalMoveError
from callsheet.jobs.model import Counts
from callsheet.kernel.money import Money
from callsheet.takes.model import (
    ENDED,
    TAKE_MOVES,
    UNCORRECTED,
    WAITING,
    Correction,
    Outcome,
    TakeStatus,
    check_move,
    counted,
    measured_correction,
    moved,
    quoted_take,
    sources,
)
from callsheet.takes.standing import first_error, newest, row_entry, summed_up

STATUSES = st.sampled_from(TakeStatus)


def plus(one: Counts, other: Counts) -> Counts:
    """Add two counts up."""
    names = Counts.__dataclass_fields__
    return Counts(**{name: getattr(one, name) + getattr(other, name) for name in names})


class Walk(RuleBasedStateMachine):
    """A take on any walk through the table, counted as it goes."""

    def __init__(self) -> None:
        super().__init__()
        self.status = TakeStatus.QUOTED
        self.counts = counted([self.status])
        self.steps = 0

    @precondition(lambda self: bool(TAKE_MOVES[self.status]))
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        """Make a legal move."""
        to = data.draw(st.sampled_from(sorted(TAKE_MOVES[self.status])))
        check_move("tk_x", self.status, to)
        self.counts = plus(self.counts, moved([(self.status, to)]))
        self.status, self.steps = to, self.steps + 1

    @rule(to=STATUSES)
    def try_anything(self, to: TakeStatus) -> None:
        """Try a move; one that the table has not is refused and changes nothing."""
        if to not in TAKE_MOVES[self.status]:
            with pytest.raises(IllegalMoveError):
                check_move("tk_x", self.status, to)

    @invariant()
    def is_counted_once(self) -> None:
        """Count the take in one place: the one where it stands."""
        assert self.counts == counted([self.status])
        assert self.counts.total == 1

    @invariant()
    def can_end(self) -> None:
        """Have an end in reach always, and nothing that leads out of one."""
        assert (not TAKE_MOVES[self.status]) == (self.status in ENDED)
        ahead = {self.status}
        for _ in TakeStatus:
            ahead |= {to for status in ahead for to in TAKE_MOVES[status]}
        assert ahead & ENDED


TestWalk = Walk.TestCase


def test_money_is_only_at_stake_after_it_is_held() -> None:
    """Nothing is ordered that was not held, and what may be ordered again was never sent."""
    assert set(TAKE_MOVES) == set(TakeStatus)
    assert sources(TakeStatus.ORDERED) == {TakeStatus.QUOTED, TakeStatus.HELD} == WAITING
    assert sources(TakeStatus.QUOTED) == set()
    assert TakeStatus.CANCELLED not in TAKE_MOVES[TakeStatus.ADOPTING]
    assert {TakeStatus.SUCCEEDED, TakeStatus.FAILED, TakeStatus.CANCELLED} == ENDED


@given(st.lists(st.tuples(st.none() | STATUSES, st.none() | STATUSES), max_size=30))
def test_sums_of_moves(moves: list[tuple[TakeStatus | None, TakeStatus | None]]) -> None:
    """Moves add up in any order, and the total changes by who comes and who goes."""
    whole = moved(moves)
    assert whole == moved(reversed(moves))
    one_by_one = Counts()
    for move in moves:
        one_by_one = plus(one_by_one, moved([move]))
    assert whole == one_by_one
    came = sum(before is None for before, _ in moves) - sum(after is None for _, after in moves)
    assert whole.total == came


@given(st.lists(STATUSES, max_size=30))
def test_counting(statuses: list[TakeStatus]) -> None:
    """Counting agrees with counting by hand."""
    counts, by_hand = counted(statuses), Counter(statuses)
    assert counts.total == len(statuses)
    assert counts.succeeded == by_hand[TakeStatus.SUCCEEDED]
    assert counts.queued == by_hand[TakeStatus.QUOTED] + by_hand[TakeStatus.HELD]
    assert counts.open == sum(status not in ENDED for status in statuses)


def test_only_the_newest_attempt_of_a_variant_counts() -> None:
    """Whatever order takes come in, each variant stands as its newest attempt does."""
    job = a_job()
    takes = [
        a_take(job, 2, 2, 1, status=TakeStatus.FAILED),
        a_take(job, 2, 1, 3, status=TakeStatus.SUCCEEDED),
        a_take(job, 1, 1, 1, status=TakeStatus.FAILED),
        a_take(job, 2, 1, 2, status=TakeStatus.FAILED),
        a_take(job, 2, 2, 2, status=TakeStatus.SUCCEEDED),
    ]
    for order in (takes, takes[::-1]):
        rows = newest(order)
        assert {row: [(t.variant, t.attempt) for t in rows[row]] for row in rows} == {
            1: [(1, 1)],
            2: [(1, 3), (2, 2)],
        }
    assert summed_up(rows[2]) == "succeeded"
    assert summed_up(rows[1]) == "failed"


def test_a_row_is_told_with_the_error_that_explains_it() -> None:
    """A journal entry shows each variant and the first error; a row without takes shows its own."""
    job = a_job()
    error = {"code": "x", "message": "why"}
    takes = [
        a_take(job, 1, 1, status=TakeStatus.SUCCEEDED, asset="a" * 64, charged=Money(5)),
        a_take(job, 1, 2, status=TakeStatus.FAILED, error=error),
    ]
    entry = row_entry(1, "S01", summed_up(takes), takes)
    assert entry.kind == "row"
    assert (entry.body["status"], entry.body["error"]) == ("partial", error)
    assert [each["cost"] for each in entry.body["variants"]] == ["0.000005", "0.000000"]
    assert first_error([]) is None
    broken = {"code": "reference_failed", "message": "404"}
    assert row_entry(1, "S01", summed_up([]), error=broken).body["error"] == broken


def test_outcomes_lead_to_an_end() -> None:
    """An asset means succeeded; without one a take has failed."""
    take = a_take(a_job())
    assert Outcome(take.id, 1, asset=take.digests.inputs).status is TakeStatus.SUCCEEDED
    assert Outcome(take.id, 1).status is TakeStatus.FAILED


def test_equal_orders_have_equal_digests() -> None:
    """A take's digest names model and inputs, and nothing of which take it is."""
    job, card = a_job(), CATALOG.card("local/storyboard")
    one = quoted_take(job, 1, 1, 1, card, {"prompt": "x", "width": 256}, NOW)
    same = quoted_take(job, 9, 2, 3, card, {"width": 256, "prompt": "x"}, NOW)
    other = quoted_take(job, 1, 1, 1, card, {"prompt": "x", "width": 512}, NOW)
    assert one.digests.inputs == same.digests.inputs != other.digests.inputs
    assert one.id != same.id
    assert one.status is TakeStatus.QUOTED


@pytest.mark.parametrize(
    ("ratios", "factor", "takes"),
    [
        ([1.5] * 4, 1.0, 0),
        ([1.1, 1.2, 1.3, 9.0, 0.0], 1.2, 5),
        ([20.0] * 6, 4.0, 6),
        ([0.0] * 6, 0.25, 6),
    ],
)
def test_correction_is_a_bounded_median_of_enough_takes(
    ratios: list[float], factor: float, takes: int
) -> None:
    """Neither a cold start nor a cached picture moves it, and a few takes say nothing."""
    assert measured_correction(ratios) == Correction(factor, takes)


def test_corrected_estimates_round_up() -> None:
    """What is set aside is never a micro-dollar short."""
    assert Correction(1.2, 5).of(Money(1_741)) == Money(2_090)
    assert UNCORRECTED.of(Money(1_741)) == Money(1_741)
