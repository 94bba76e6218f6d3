"""What a model costs, and what changes that: one input at a time, the rest as its form has it."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.money import Money
from callsheet.ports.models import ModelCard

_UNPRICED: Final = frozenset({"prompt", "seed", "references", "width", "height"})
_SIZES: Final = (
    (256, 256),
    (512, 512),
    (1024, 1024),
    (1536, 1024),
    (2048, 1152),
    (2048, 2048),
    (3840, 2160),
)
_MOST_VALUES: Final = 16


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The price of the smallest order with one input set to a value; `field` "" is that order.

    `inputs` are what is set, as the form reads it.
    """

    field: str
    value: str
    price: Money
    inputs: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def price_table(card: ModelCard, form: Mapping[str, Any]) -> list[PriceRow]:
    """List the inputs that change a model's price, with the price for each value that they take.

    `form` is the JSON Schema of the card's inputs. Numbers are tried at both ends of their range.
    """
    smallest = card.smallest()
    usual = card.price(smallest)
    rows = [PriceRow("", "", usual)]
    for name, tried in _tried(form.get("properties", {})).items():
        found = []
        for value, inputs in tried.items():
            asked = {**smallest.model_dump(mode="json"), **inputs}
            try:
                price = card.price(card.inputs.model_validate(asked))
            except (ValidationError, InvalidInputError):
                continue  # it does not go with the rest of the smallest order
            found.append(PriceRow(name, value, price, inputs))
        if any(row.price != usual for row in found):
            rows += found
    return rows


def _tried(form: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """List what is set: by name, by value, as inputs. A size is set as one."""
    tried = {
        name: {str(value): {name: value} for value in _values(field)}
        for name, field in form.items()
        if name not in _UNPRICED
    }
    if form.keys() >= {"width", "height"}:
        tried["size"] = {f"{wide}x{high}": {"width": wide, "height": high} for wide, high in _SIZES}
    return tried


def _values(field: Mapping[str, Any]) -> Sequence[Any]:
    if field.get("type") == "boolean":
        return (False, True)
    if "enum" in field:
        return list(field["enum"])[:_MOST_VALUES]
    ends = (field.get("minimum"), field.get("default"), field.get("maximum"))
    return sorted({end for end in ends if isinstance(end, int | float)})
