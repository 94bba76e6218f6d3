"""Two edits of a text go together where they touch different words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.jobs.merging import merged_text

BASE = "A red boat at dawn, calm sea, wide shot."


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        (
            "A blue boat at dawn, calm sea, wide shot.",
            "A red boat at dawn, calm sea, close shot.",
            "A blue boat at dawn, calm sea, close shot.",
        ),
        (
            "A red boat at dawn, calm sea, wide shot. Warm.",
            "An old red boat at dawn, calm sea, wide shot.",
            "An old red boat at dawn, calm sea, wide shot. Warm.",
        ),
        ("A red boat, wide shot.", "A red boat, wide shot.", "A red boat, wide shot."),
        (BASE, "Something else", "Something else"),
        (
            "A blue boat at dawn, calm sea, wide shot.",
            "A green boat at dawn, calm sea, wide shot.",
            None,
        ),
        ("A red boat", "A red boat at dusk, calm sea, wide shot.", None),
    ],
)
def test_edits_of_different_words_go_together(ours: str, theirs: str, merged: str | None) -> None:
    """In either order; of the same words it is a conflict, unless both did the same."""
    assert merged_text(BASE, ours, theirs) == merged
    assert merged_text(BASE, theirs, ours) == merged


TEXTS = st.text("ab .,é🏮", max_size=30)


@given(base=TEXTS, ours=TEXTS, theirs=TEXTS)
def test_merging_is_fair_and_loses_nothing(base: str, ours: str, theirs: str) -> None:
    """It does not matter who came first, and where one changed nothing the other's text stands."""
    assert merged_text(base, ours, theirs) == merged_text(base, theirs, ours)
    assert merged_text(base, ours, base) == ours
    assert merged_text(base, ours, ours) == ours
