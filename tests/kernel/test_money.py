"""Money adds up exactly and survives being written down."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.kernel.money import Money

MICROS = st.integers(-(10**18), 10**18)
AMOUNTS = st.builds(Money, MICROS)


@given(st.lists(MICROS, max_size=50))
def test_sums_are_exact(parts: list[int]) -> None:
    """However many amounts are added and taken away, not a micro-dollar is lost."""
    total = Money()
    for part in parts:
        total += Money(part)
    assert total == Money(sum(parts))
    for part in parts:
        total -= Money(part)
    assert total == Money(0)


@given(AMOUNTS)
def test_text_and_back(amount: Money) -> None:
    """What an amount is written as is read as the same amount, always with six places."""
    written = str(amount)
    assert Money.usd(written) == amount
    assert len(written.partition(".")[2]) == 6
    assert Decimal(written) * 1_000_000 == amount.micros


@given(st.decimals(-1_000_000, 1_000_000, allow_nan=False, allow_infinity=False, places=9))
def test_parts_of_a_micro_dollar_round_half_up(amount: Decimal) -> None:
    """Below a micro-dollar, half goes away from zero, as prices do."""
    exact = (amount * 1_000_000).to_integral_value(rounding=ROUND_HALF_UP)
    assert Money.usd(amount).micros == exact


@given(AMOUNTS, st.integers(0, 1_000))
def test_multiplying_is_adding_again_and_again(amount: Money, count: int) -> None:
    """`count` takes cost `count` times as much as one."""
    assert (amount * count).micros == amount.micros * count


@given(AMOUNTS, AMOUNTS)
def test_order_is_that_of_the_numbers(one: Money, other: Money) -> None:
    """Amounts compare as their numbers do, and equal ones hash alike."""
    assert (one < other) == (one.micros < other.micros)
    assert (one == other) == (hash(one) == hash(other) and one.micros == other.micros)


@pytest.mark.parametrize(
    "text",
    ["", "free", "1,5", "NaN", "-inf", "1e400000000", "1e900000", "$1", "9223372036854.775808"],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    """Text that is no number of dollars, or more than a column holds, is refused and shown."""
    with pytest.raises(ValueError, match="not an amount of dollars"):
        Money.usd(text)


def test_a_price_as_people_write_it() -> None:
    """Prices from a page are read to the micro-dollar."""
    assert Money.usd("0.039") == Money(39_000)
    assert str(Money(-1)) == "-0.000001"
    assert str(Money.usd("12")) == "12.000000"
