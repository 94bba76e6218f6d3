"""Money: whole micro-dollars, so that sums are exact."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

_MICROS = 1_000_000
_HOUR_S = 3_600
_MOST_MICROS = 2**63  # what a database holds


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount of US dollars in whole micro-dollars (1 USD = 1,000,000)."""

    micros: int = 0

    @classmethod
    def usd(cls, amount: str | Decimal) -> Self:
        """Read dollars, e.g. ``"0.039"``; parts below a micro-dollar round half up.

        Raises ValueError if `amount` is not a decimal number that a database can hold.
        """
        try:
            exact = (Decimal(amount) * _MICROS).to_integral_value(rounding=ROUND_HALF_UP)
            if abs(exact) < _MOST_MICROS:
                return cls(int(exact))
        except (ArithmeticError, ValueError) as error:
            raise ValueError(f"not an amount of dollars: {amount!r}") from error
        raise ValueError(f"not an amount of dollars: {amount!r}")

    @classmethod
    def per_hour(cls, seconds: float, usd_per_hour: float) -> Self:
        """Price so many seconds of what is paid by the hour, rounded up to a micro-dollar."""
        return cls(-int(-(seconds * usd_per_hour / _HOUR_S * _MICROS) // 1))

    def __add__(self, other: "Money") -> "Money":
        return Money(self.micros + other.micros)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.micros - other.micros)

    def __mul__(self, count: int) -> "Money":
        return Money(self.micros * count)

    def in_credits(self, per_usd: int) -> str:
        """Write it as credits, so many to the dollar, with two places."""
        return f"{Decimal(self.micros * per_usd) / _MICROS:.2f}"

    def __str__(self) -> str:
        """Dollars with six places, as JSON carries them: ``"0.039000"``."""
        sign = "-" if self.micros < 0 else ""
        whole, part = divmod(abs(self.micros), _MICROS)
        return f"{sign}{whole}.{part:06d}"
