"""Cells that spreadsheets do not run, whatever splits them; and the way back."""

import csv
import io
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callsheet.kernel.cells import bare, inert

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
RUNS = re.compile(rf"[\s\"]*[{re.escape(SIGNS)}]")
CELLS = st.text(st.sampled_from(SIGNS + "'\";\t\r\n |,ab5\u2028"), max_size=12)


@given(CELLS | st.text())
@settings(deadline=None)
@example("'=1")
@example("''=1")
@example("a;'=1;=2")
def test_what_was_made_inert_comes_back(cell: str) -> None:
    """Taking off what was put on leaves the cell, quote marks of its own included."""
    assert bare(inert(cell)) == cell


@given(CELLS)
@settings(deadline=None)
@example('a;"=1')
@example("x\t@SUM(A1)")
@example("line\n-1+cmd")
@example("\uff1dHYPERLINK(1)")
def test_no_separator_makes_a_formula_of_it(cell: str) -> None:
    """Read with commas, semicolons or tabs, no cell of our line begins like a formula."""
    out = io.StringIO(newline="")
    csv.writer(out).writerow(["S1", inert(cell), "end"])
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=delimiter):
            for read in row:
                assert not RUNS.match(read) or is_plain(read), (delimiter, row)


def is_plain(cell: str) -> bool:
    """Tell whether it is a number, or a dash that stands alone."""
    return re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+)?|-", cell) is not None


@pytest.mark.parametrize("cell", ["-5", "+49", "-1,5", "-", "a=b", "12:30", "", "it's - 'so'"])
def test_plain_cells_stay_as_they_are(cell: str) -> None:
    """Numbers and prose are not touched."""
    assert inert(cell) == cell
