"""When takes are looked at again, for as long as anybody may wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.takes.model import ENDED, TakeStatus
from callsheet.takes.schedule import LONGEST_WAIT_S, backoff_s, next_look_s

COUNTS = st.integers(0, 10**9)


@given(st.floats(0.05, 3_600), COUNTS, st.booleans())
def test_looks_are_neither_frantic_nor_forgotten(
    expected_s: float,
    looks: int,
    called: bool,  # noqa: FBT001  # drawn
) -> None:
    """Between half a second and a minute, or what the model takes; after years, too.

    Where the provider calls us, up to five minutes, or twice what the model takes.
    """
    wait = next_look_s(expected_s, looks, webhook=called)
    longest = max(300.0, 2 * expected_s) if called else max(60.0, expected_s)
    assert 0.5 <= wait <= longest


@given(st.floats(5.0, 900))
def test_who_is_called_looks_after_twice_the_usual_time(expected_s: float) -> None:
    """By then most calls have come, and hardly a take is asked about at all."""
    assert next_look_s(expected_s, 0, webhook=True) == 2 * expected_s


@given(COUNTS)
def test_pauses_grow_to_a_minute_and_a_half_at_most(tries: int) -> None:
    """Jittered by half either way."""
    assert 0.25 <= backoff_s(tries) <= 90.0


@given(COUNTS, st.floats(0, 3_600))
def test_what_was_asked_for_is_waited_for(tries: int, asked_s: float) -> None:
    """Retry-After is kept, and a little more so that nobody comes in step."""
    waited = min(asked_s, 300.0)  # for longer, the provider's door rests
    assert waited < backoff_s(tries, asked_s) <= waited + 0.3 + 1e-9


@pytest.mark.parametrize("called", [True, False])
def test_looks_come_more_rarely(called: bool) -> None:  # noqa: FBT001  # a case
    """The longer it takes, the less often it is asked about."""
    waits = [next_look_s(30.0, looks, webhook=called) for looks in range(1, 30)]
    assert waits == sorted(waits)


@given(st.floats(0.1, 100_000), st.integers(0, 2_000), st.booleans())
def test_nothing_is_put_off_for_longer_than_is_plausible(
    seconds: float,
    times: int,
    called: bool,  # noqa: FBT001  # drawn
) -> None:
    """What is due later than that was written by a clock that was ahead."""
    assert next_look_s(seconds, times, webhook=called) < LONGEST_WAIT_S[TakeStatus.RUNNING]
    for status in TakeStatus:
        if status in LONGEST_WAIT_S:
            assert backoff_s(times) < LONGEST_WAIT_S[status]
            assert backoff_s(times, seconds) < LONGEST_WAIT_S[status]
    assert set(LONGEST_WAIT_S) == set(TakeStatus) - ENDED
