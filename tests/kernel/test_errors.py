"""Values in messages are short, printable and on one line."""

from hypothesis import given
from hypothesis import strategies as st

from callsheet.kernel.errors import NotFoundError, shown


@given(st.text(st.characters(), max_size=300))
def test_shown_values_are_bounded_and_printable(text: str) -> None:
    """Nothing that a terminal or a log would act on gets through, and no message grows long."""
    told = shown(text)
    assert told.isprintable()
    assert told.encode().decode() == told
    assert "\n" not in told
    assert len(told) <= 121 * 10


@given(st.text(st.characters(exclude_categories=["C", "Z"]), max_size=120))
def test_plain_values_are_shown_as_they_are(text: str) -> None:
    """What is short and printable is not changed."""
    assert shown(text) == text


def test_long_values_are_cut_visibly() -> None:
    """A long value ends in a sign that there was more."""
    assert shown("x" * 500) == "x" * 120 + "…"
    assert shown("a\x1b[31mb\nc\u202ed") == r"a\x1b[31mb\nc\u202ed"
    assert str(NotFoundError("job", "a\nb")) == "no job 'a\\\\nb' here"
