"""What the simulated provider runs under: its clock, limits, keys, credit and speed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from callsheet.kernel.money import Money
from callsheet.sim.core.models import Model

CREATES_PER_MINUTE = 600
OTHERS_PER_MINUTE = 3_000
OUTPUT_LIFE_S = 3_600.0
_WINDOW_S = 60.0


class BadOrderError(Exception):
    """An order to the simulator itself that makes no sense."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


@dataclass
class Conditions:
    """Everything that may be changed while the simulator runs.

    A limit of 0 is none; `credit` None never ends. `tokens` None lets every token in.
    `run_s` is by model id, with `*` for all others; without either, a model takes its own time.
    `list_prices` are dollars a unit that a price list tells in place of its own, by model id.
    """

    wall: Callable[[], float]
    tokens: frozenset[str] | None = None
    creates_per_minute: int = CREATES_PER_MINUTE
    others_per_minute: int = OTHERS_PER_MINUTE
    queue_s: float = 0.1
    run_s: dict[str, float] = field(default_factory=dict)
    output_life_s: float = OUTPUT_LIFE_S
    fetch_references: bool = True
    webhook_retry_s: float = 1.0
    clock_offset_s: float = 0.0
    credit: Money | None = None
    revoked: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    list_prices: dict[str, Money] = field(default_factory=dict)

    def now(self) -> float:
        """Tell the time as the service sees it: wall time, and how much its clock is off."""
        return self.wall() + self.clock_offset_s

    def lets_in(self, token: str) -> bool:
        """Tell whether a token is good."""
        known = bool(token) if self.tokens is None else token in self.tokens
        return known and token not in self.revoked

    def run_time(self, model: Model) -> float:
        """Tell how long a model runs."""
        return self.run_s.get(model.id, self.run_s.get("*", model.run_s))

    def has_credit(self) -> bool:
        """Tell whether anything may still be bought."""
        return self.credit is None or self.credit > Money(0)

    def spend(self, amount: Money) -> None:
        """Take a charge from the credit."""
        if self.credit is not None:
            self.credit -= amount

    def change(self, order: Mapping[str, Any]) -> None:
        """Change what is named, all or nothing. Raises BadOrderError."""
        changes = {name: _read(name, value) for name, value in order.items()}
        for name, value in changes.items():
            setattr(self, name, value)

    def told(self) -> dict[str, Any]:
        """Describe them, without keys."""
        return {
            **{name: getattr(self, name) for name in (*_NUMBERS, "run_s", "fetch_references")},
            "credit": None if self.credit is None else str(self.credit),
            "withdrawn": sorted(self.withdrawn),
        }


_NUMBERS: Mapping[str, Callable[[Any], float]] = {
    "creates_per_minute": int,
    "others_per_minute": int,
    "queue_s": float,
    "output_life_s": float,
    "webhook_retry_s": float,
    "clock_offset_s": float,
}
_OTHERS: Mapping[str, Callable[[Any], Any]] = {
    "run_s": lambda told: {str(model): float(seconds) for model, seconds in told.items()},
    "fetch_references": bool,
    "credit": lambda told: None if told is None else Money.usd(told),
    "tokens": lambda told: None if told is None else frozenset(told),
    "revoked": set,
    "withdrawn": set,
    "list_prices": lambda told: {str(name): Money.usd(price) for name, price in told.items()},
}


def _read(name: str, value: Any) -> Any:
    read = _NUMBERS.get(name) or _OTHERS.get(name)
    if read is None:
        raise BadOrderError(name, f"not a condition; there are {sorted([*_NUMBERS, *_OTHERS])}")
    try:
        return read(value)
    except (TypeError, ValueError, AttributeError):
        raise BadOrderError(name, f"cannot be {value!r}") from None


class RateLimit:
    """So many requests in a window of a minute, whoever sends them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = -math.inf
        self._count = 0

    def refused_for(self, most: int) -> int | None:
        """Count one request; None to let it in, else the seconds until the window ends."""
        now = self._clock()
        if now - self._since >= _WINDOW_S:
            self._since, self._count = now, 0
        self._count += 1
        if not most or self._count <= most:
            return None
        return max(1, math.ceil(self._since + _WINDOW_S - now))

    def clear(self) -> None:
        """Begin a new window."""
        self._since = -math.inf


def stamped(moment: float) -> str:
    """Write a moment as Replicate does."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
