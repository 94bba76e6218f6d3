"""Order keys: there is room between any two, and they sort as they were placed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.rooms import a_job, a_shot, altered

from callsheet.jobs.ordering import between, in_order, is_order_key


@given(places=st.lists(st.integers(0, 2**31), min_size=1, max_size=60))
def test_there_is_room_anywhere(places: list[int]) -> None:
    """Keys put into any place of a list sort as the list does, and only the new one is made."""
    keys: list[str] = []
    for number in places:
        place = number % (len(keys) + 1)
        before = keys[place - 1] if place else None
        after = keys[place] if place < len(keys) else None
        keys.insert(place, between(before, after))
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert all(map(is_order_key, keys))


@given(
    pair=st.tuples(st.text("01Az", min_size=1, max_size=6), st.text("01Az", min_size=1, max_size=6))
)
def test_between_any_two_keys(pair: tuple[str, str]) -> None:
    """Between keys of any shape lies another; what is in the wrong order is refused."""
    low, high = sorted(key.rstrip("0") + "1" for key in pair)
    if low == high:
        with pytest.raises(ValueError, match="does not sort before"):
            between(low, high)
    else:
        assert low < between(low, high) < high


def test_appending_keeps_keys_short() -> None:
    """A thousand things put at the end one by one have keys of a few dozen characters at most."""
    last = None
    for _ in range(1_000):
        last = between(last, None)
    assert last is not None
    assert len(last) <= 200


def test_shots_without_a_key_come_first_by_row() -> None:
    """As a sheet has them; those that somebody placed follow in the order of their keys."""
    job = a_job()
    shots = [
        a_shot(job, 1),
        a_shot(job, 2),
        altered(a_shot(job, 3), order_key="b"),
        altered(a_shot(job, 4), order_key="V"),
    ]
    assert [shot.row for shot in in_order(reversed(shots))] == [1, 2, 4, 3]


@pytest.mark.parametrize("text", ["", "a0", "a b", "ä", "x" * 201, "-"])
def test_other_text_is_no_key(text: str) -> None:
    """What would not sort, or leaves no room below it, is refused."""
    assert not is_order_key(text)
