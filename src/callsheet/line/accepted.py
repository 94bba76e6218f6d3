"""What a batch costs, and what its author is answered; both as JSON and back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.kernel.ids import JobId
from callsheet.kernel.money import Money
from callsheet.line.estimates import corrections_in, settings_of
from callsheet.takes.model import Correction


@dataclass(frozen=True, slots=True)
class Priced:
    """What rows would cost live, and the corrections by which estimates were multiplied.

    `notes` are what a person should know before it is spent; `refused` are rows that are left out,
    and why. `judging` is what a judge costs.
    """

    per_row: tuple[tuple[int, Money], ...]
    corrections: Mapping[str, Correction]
    notes: tuple[str, ...] = ()
    refused: tuple[tuple[int, str], ...] = ()
    judging: Money = Money()

    @property
    def total(self) -> Money:
        """The price of all rows, and of having judged what is made."""
        return Money(sum(price.micros for _, price in self.per_row) + self.judging.micros)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A batch that is in the books, with its price. `replayed` if it was there before."""

    job: JobId
    run_mode: str
    quote: Priced
    replayed: bool = False

    def to_answer(self) -> dict[str, Any]:
        """Write as JSON, for the same question asked again."""
        said = settings_of(self.quote.corrections)
        judging = {"judging": self.quote.judging.micros} if self.quote.judging > Money() else {}
        told = {
            "prices": prices_text(self.quote.per_row),
            "notes": [*self.quote.notes],
            "refused": [[row, message] for row, message in self.quote.refused],
            **said,
            **judging,
        }
        return {"job": self.job, "run_mode": self.run_mode, **told}

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any]) -> "Accepted":
        """Read back what `to_answer` wrote."""
        listed = ((row, Money(micros)) for row, micros in answer.get("rows", ()))  # before 0.9
        rows = prices_of(answer["prices"]) if "prices" in answer else tuple(listed)
        refused = tuple((row, message) for row, message in answer.get("refused", ()))
        notes = tuple(answer.get("notes", ()))
        judging = Money(answer.get("judging", 0))
        quote = Priced(rows, corrections_in(answer), notes, refused, judging)
        return cls(JobId(answer["job"]), answer["run_mode"], quote, replayed=True)


def prices_text(prices: Iterable[tuple[int, Money]]) -> str:
    """Write prices by row as text: rows one after the other of the same price are one word."""
    words: list[str] = []
    first = last = -1
    price = Money()
    for row, each in prices:
        if row == last + 1 and each == price:
            last = row
            continue
        if last >= 0:
            words.append(f"{first}-{last}:{price.micros}")
        first, last, price = row, row, each
    if last >= 0:
        words.append(f"{first}-{last}:{price.micros}")
    return " ".join(words)


def prices_of(text: str) -> tuple[tuple[int, Money], ...]:
    """Read back what `prices_text` wrote."""
    prices: list[tuple[int, Money]] = []
    for word in text.split():
        rows, _, micros = word.partition(":")
        first, _, last = rows.partition("-")
        price = Money(int(micros))
        prices += [(row, price) for row in range(int(first), int(last) + 1)]
    return tuple(prices)
