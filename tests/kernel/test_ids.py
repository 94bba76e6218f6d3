"""Ids keep their shape, never repeat, and sort by time."""

import time

from hypothesis import given
from hypothesis import strategies as st

from callsheet.kernel.ids import ID_PATTERN, is_id, new_id


def test_ids_never_repeat() -> None:
    """Ten thousand ids made as fast as it goes are all different."""
    made = [new_id("tk") for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert all(is_id(each, "tk") for each in made)


def test_later_ids_sort_later() -> None:
    """Ids made in different milliseconds sort as they were made."""
    made = []
    for _ in range(5):
        made.append(new_id("job"))
        before = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 <= before:
            pass
    assert made == sorted(made)


@given(st.sampled_from(["job", "tk", "key"]), st.text(max_size=30))
def test_other_text_is_no_id(prefix: str, text: str) -> None:
    """Only our own shape is taken for an id, and only with its own prefix."""
    assert is_id(text, prefix) == (
        text.startswith(f"{prefix}_") and ID_PATTERN.fullmatch(text) is not None
    )
    own = new_id(prefix)
    assert is_id(own, prefix)
    assert not is_id(own, "zz")
    assert not is_id(own + "\n", prefix)
    assert not is_id(own.upper(), prefix)
