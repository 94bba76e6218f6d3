"""What a model costs, and what changes that: one input at a time, the rest as its form has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from callsheet.kernel.money import Money
from callsheet.ports.models import ModelCard

_UNPRICED: Final = frozenset({"prompt", "seed", "references"})
_MOST_VALUES: Final = 16


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The price of the smallest order with one input set to a value."""

    field: str
    value: str
    price: Money


def price_table(card: ModelCard, form: Mapping[str, Any]) -> list[PriceRow]:
    """List the inputs that change a model's price, with the price for each value that they take.

    `form` is the JSON Schema of the card's inputs. Numbers are tried at both ends of their range.
    """
    smallest = card.smallest()
    usual = card.price(smallest)
    rows = [PriceRow("", "", usual)]
    for name, told in form.get("properties", {}).items():
        if name in _UNPRICED:
            continue
        found = []
        for value in _values(told):
            asked = {**smallest.model_dump(mode="json"), name: value}
            try:
                price = card.price(card.inputs.model_validate(asked))
            except ValidationError:
                continue  # it does not go with the rest of the smallest order
            found.append(PriceRow(name, str(value), price))
        if any(row.price != usual for row in found):
            rows += found
    return rows


def _values(told: Mapping[str, Any]) -> Sequence[Any]:
    if told.get("type") == "boolean":
        return (False, True)
    if "enum" in told:
        return list(told["enum"])[:_MOST_VALUES]
    ends = (told.get("minimum"), told.get("default"), told.get("maximum"))
    return sorted({end for end in ends if isinstance(end, int | float)})
