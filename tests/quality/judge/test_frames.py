"""Which moments of a clip the judge sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.quality.judge.frames import (
    MOST_FRAMES,
    MOST_ON_A_SHEET,
    Clip,
    burnt_in,
    clip_of,
    moments_of,
    sheets_of,
)


def test_first_middle_last_every_cut_and_one_in_two_seconds() -> None:
    """A clip of six seconds with a cut at 2.6 is seen at six moments, none twice."""
    clip = Clip(0.0, 6.0, 0.04, (2.6,))
    assert moments_of(clip) == (0.0, 2.0, 2.6, 3.0, 4.0, 6.0)


def test_cuts_are_found_by_what_they_change() -> None:
    """A frame whose colours are other than the one before begins a shot; the first one does not."""
    times = [n / 25 for n in range(6)]
    clip = clip_of(times, [float("nan"), 0.02, 0.9, 0.01, 0.4, 0.55])
    assert clip.cuts == (2 / 25, 5 / 25)
    assert clip.frame_s == pytest.approx(0.04)
    with pytest.raises(ValueError, match="no frame"):
        clip_of([], [])


@given(
    st.floats(0, 3_600),
    st.lists(st.floats(0, 1), max_size=80).map(lambda shares: sorted(set(shares))),
)
def test_a_clip_of_any_length_is_seen_at_its_ends_and_no_more_than_so_often(
    length: float, shares: list[float]
) -> None:
    """At most twenty-four moments within the clip, in order, the ends among them."""
    clip = Clip(0.0, length, 0.04, tuple(share * length for share in shares))
    moments = moments_of(clip)
    assert 1 <= len(moments) <= MOST_FRAMES
    assert list(moments) == sorted(set(moments))
    assert moments[0] == 0.0
    assert abs(moments[-1] - length) < 0.04
    for most in (4, 6):
        sheets = sheets_of(len(moments), most)
        assert [n for sheet in sheets for n in sheet] == list(range(len(moments)))
        assert len(sheets) <= most
        assert all(len(sheet) <= MOST_ON_A_SHEET for sheet in sheets)


def test_times_are_written_as_people_read_them() -> None:
    """Minutes, seconds, thousandths; what rounds up carries."""
    assert [burnt_in(each) for each in (0.0, 59.9996, 61.25)] == [
        "00:00.000",
        "01:00.000",
        "01:01.250",
    ]
