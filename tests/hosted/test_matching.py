"""Which listed order is whose: by value, whatever became of its spelling on the way."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.rooms import NOW

from callsheet.kernel.ids import TakeId
from callsheet.orders.matching import Fit, Sent, fit, matched
from callsheet.ports.hosted import Found, ReferenceSlot
from callsheet.ports.models import Payload

WORDS = "a red mug on oak, soft light from the left"
OURS = "https://files.example/ours.png"
INPUT: dict[str, Any] = {
    "prompt": WORDS,
    "guidance": 3.0,
    "strength": 0.1,
    "seed": 2**32 - 5,
    "raw": False,
    "negative_prompt": None,
    "image": ReferenceSlot.at(0),
    "sizes": [512, 768.0],
}
SENT: Payload = {"model": "a/b", "input": INPUT}


def take(number: int = 1, after_s: float = 0, **values: Any) -> Sent:
    """Word what a take sent; `values` change its input."""
    payload = {"model": "a/b", "input": {**INPUT, **values}}
    words = str(values.get("prompt", WORDS))
    at = NOW + timedelta(seconds=after_s)
    return Sent(TakeId(f"tk_{number}"), at, payload, words, str(values), [OURS])


def listed(ticket: str = "a", after_s: float = 1, **values: Any) -> Found:
    """Word an order as a provider lists it; a value of ... is dropped."""
    told = {**INPUT, "image": OURS, **values}
    told = {name: value for name, value in told.items() if value is not ...}
    return Found(ticket, {"model": "a/b", "input": told}, NOW + timedelta(seconds=after_s))


SAME: dict[str, dict[str, Any]] = {
    "as it was sent": {},
    "3 for 3.0": {"guidance": 3},
    "3.0 for a whole number": {"sizes": [512.0, 768]},
    "single precision": {"strength": 0.10000000149011612},
    "defaults added": {"scheduler": "K_EULER", "steps": 4},
    "nulls filled": {"negative_prompt": "blurry"},
    "nulls dropped": {"negative_prompt": ...},
    "spaces trimmed": {"prompt": f"  {WORDS}\r\n"},
    "another signature on our address": {"image": f"{OURS}?exp=1&sig=2"},
}
PARTS: dict[str, dict[str, Any]] = {
    "fields dropped": {"guidance": ..., "raw": ...},
    "a reference copied to a place of its own": {"image": "https://cdn.example/copy.png"},
    "a reference kept back": {"image": "https://cdn.example/copy.png", "strength": ...},
}
UNSURE: dict[str, dict[str, Any]] = {
    "numbers clamped": {"guidance": 2.5},
    "numbers as texts": {"guidance": "3.0"},
    "truth as a number": {"raw": 0},
    "another seed": {"seed": 2**32 - 6},
    "words within others": {"prompt": f"Photo of {WORDS}, 8k, masterpiece"},
    "words escaped": {"prompt": WORDS.replace(",", "&#44;")},
    "words without their case": {"prompt": WORDS.upper()},
    "no words": {"prompt": ""},
    "no inputs any more": dict.fromkeys(INPUT, ...),
    "another file beside ours": {"image": "https://files.example/other.png"},
    "a reference of another form": {"image": {"id": 7}},
}
OTHER: dict[str, dict[str, Any]] = {
    "other words": {"prompt": "a blue boat at dawn"},
    "the next of a series": {"prompt": "frame 18, a red mug"},
}


@pytest.mark.parametrize("case", SAME)
def test_an_order_is_known_again_by_its_values(case: str) -> None:
    """However a service writes our values down again, it is the order that we sent."""
    assert fit(take(), listed(**SAME[case])) is Fit.WHOLLY


@pytest.mark.parametrize("case", PARTS)
def test_an_order_is_known_again_by_the_part_that_is_shown(case: str) -> None:
    """What a provider does not keep, or copies elsewhere, does not hide whose it is."""
    assert fit(take(), listed(**PARTS[case])) is Fit.PARTLY
    assert matched([take()], [listed(**PARTS[case])]).certain == {"tk_1": "a"}


@pytest.mark.parametrize("case", UNSURE)
def test_what_may_be_ours_is_not_ruled_out(case: str) -> None:
    """It is no match, and its being there keeps the take from being ordered again."""
    found = matched([take()], [listed(**UNSURE[case])])
    assert (found.certain, found.possible) == ({}, {"tk_1": ["a"]})


@pytest.mark.parametrize("case", OTHER)
def test_other_words_are_another_order(case: str) -> None:
    """They prove nothing about ours."""
    assert fit(take(), listed(**OTHER[case])) is Fit.OTHER


def test_another_model_or_time_is_another_order() -> None:
    """Neither the same words for another model, nor what was sent long before."""
    other = replace(listed(), payload={"model": "c/d", "input": {**INPUT, "image": OURS}})
    found = matched([take()], [other, listed("b", after_s=-1_000)])
    assert (found.certain, found.possible) == ({}, {})


def test_an_order_that_cannot_be_read_is_not_ruled_out() -> None:
    """Without its time or its inputs, or if we cannot word ours any more, it may be ours."""
    undated = replace(listed("a"), created_at=None)
    unread = replace(listed("b"), payload=None)
    found = matched([take()], [undated, unread])
    assert (found.certain, found.possible) == ({}, {"tk_1": ["a", "b"]})
    unworded = matched([replace(take(), payload=None)], [listed(prompt="a blue boat at dawn")])
    assert unworded.possible == {"tk_1": ["a"]}


def test_a_long_text_that_was_cut_is_known_by_its_beginning() -> None:
    """Unless two takes begin alike: then it may be of either, and is of neither."""
    long = "a house style of many words that stands before all else in each prompt, " * 3
    first, second = take(1, prompt=f"{long} one"), take(2, prompt=f"{long} two")
    cut = listed(prompt=f"{long[:120]}...")
    assert matched([first], [cut]).certain == {"tk_1": "a"}
    both = matched([first, second], [cut])
    assert (both.certain, both.possible) == ({}, {"tk_1": ["a"], "tk_2": ["a"]})


def test_takes_that_sent_the_same_get_an_order_each() -> None:
    """Two of three equal takes were ordered: the first two get them, the third none."""
    takes = [take(1), take(2, after_s=1), take(3, after_s=2)]
    found = matched(takes, [listed("b", after_s=3), listed("a", after_s=2)])
    assert (found.certain, found.possible) == ({"tk_1": "a", "tk_2": "b"}, {})


def test_an_old_order_of_the_same_hides_no_new_one() -> None:
    """What was sent long before with the same words is passed over, not taken for the answer."""
    found = matched([take()], [listed("old", after_s=-5_000), listed("new")])
    assert found.certain == {"tk_1": "new"}


def test_takes_that_differ_in_what_is_hidden_get_no_order_of_each_other() -> None:
    """An order without its seed may be of either of two takes that differ in it."""
    found = matched([take(1, seed=1), take(2, seed=2)], [listed("a", seed=...)])
    assert (found.certain, found.possible) == ({}, {"tk_1": ["a"], "tk_2": ["a"]})


def test_an_order_that_names_its_take_goes_to_it() -> None:
    """Where a provider carries our id, that decides, whatever was sent."""
    named = replace(listed("a", prompt="a blue boat"), take=TakeId("tk_2"))
    assert matched([take(1), take(2)], [named, listed("b")]).certain == {"tk_1": "b", "tk_2": "a"}


def test_an_order_is_left_to_the_take_that_awaits_its_answer() -> None:
    """A take in doubt that sent the same as one under way may have it; one that did not may not."""
    under_way = take(2, seed=7)
    same = matched([take(1, seed=7)], [listed(seed=7)], [under_way])
    assert (same.certain, same.possible) == ({}, {"tk_1": ["a"]})
    other = matched([take(1, seed=8)], [listed(seed=7)], [under_way])
    assert (other.certain, other.possible) == ({}, {})


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def rounded(value: Any) -> Any:
    """Write whole floats without their point, as JavaScript does."""
    match value:
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case list():
            return [rounded(each) for each in value]
        case dict():
            return {name: rounded(each) for name, each in reversed(value.items())}
        case _:
            return value


def added(value: Any) -> Any:
    """Add a default to every object."""
    match value:
        case dict():
            return {**{name: added(each) for name, each in value.items()}, "\0new": 1}
        case list():
            return [added(each) for each in value]
        case _:
            return value


@pytest.mark.parametrize("change", [rounded, added, lambda value: json.loads(json.dumps(value))])
@given(given_values=st.dictionaries(st.text().filter("image".__ne__), values, max_size=4))
def test_no_way_of_writing_it_again_hides_an_order(
    change: Callable[[Any], Any], given_values: dict[str, Any]
) -> None:
    """Whatever was sent, and written anew with the same values, is certainly ours."""
    sent = take(**{**given_values, "prompt": WORDS})
    shown = change({**INPUT, **given_values, "prompt": WORDS, "image": OURS})
    found = Found("a", {"model": "a/b", "input": shown}, NOW)
    assert matched([sent], [found]).certain == {"tk_1": "a"}
