"""What a batch was answered, kept for whoever asks the same again."""

from hypothesis import given
from hypothesis import strategies as st

from callsheet.kernel.ids import JobId
from callsheet.kernel.money import Money
from callsheet.line.accepted import Accepted, Priced

PRICES = st.dictionaries(st.integers(1, 300), st.integers(0, 2).map(Money), max_size=60)


@given(PRICES)
def test_prices_come_back_row_by_row(prices: dict[int, Money]) -> None:
    """Whatever rows there are and whatever they cost, an answer says the same again."""
    quote = Priced(tuple(sorted(prices.items())), {}, ("a note",))
    answer = Accepted(JobId("job_1"), "live", quote).to_answer()
    assert Accepted.from_answer(answer) == Accepted(JobId("job_1"), "live", quote, replayed=True)


def test_prices_of_a_plain_sheet_are_short() -> None:
    """A hundred thousand rows of one price are kept in a word."""
    rows = tuple((row, Money(39_000)) for row in range(2, 100_002))
    answer = Accepted(JobId("job_1"), "live", Priced(rows, {})).to_answer()
    assert answer["prices"] == "2-100001:39000"


def test_answers_of_before_are_read() -> None:
    """An answer that lists its rows one by one was kept by an older callsheet."""
    answer = {"job": "job_1", "run_mode": "live", "rows": [[1, 5], [2, 7]], "notes": []}
    assert Accepted.from_answer(answer).quote.per_row == ((1, Money(5)), (2, Money(7)))
