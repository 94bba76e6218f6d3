"""Rows as they were given, by a sheet or by items of a request, before any of it is checked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from callsheet.intake.columns import FIELDS, any_field_named
from callsheet.intake.composites import COMPOSITE_FIELDS
from callsheet.intake.errors import ProblemCode
from callsheet.intake.fields import reference_entries
from callsheet.intake.inputs import INPUTS
from callsheet.intake.model import InputDraft
from callsheet.intake.problems import Problems
from callsheet.kernel.errors import shown
from callsheet.ports.sheets import Cell

Entries = list[tuple[str, str]]  # (address or path, mode or "")


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A row as it was given. `place` names one of its fields as its author knows it."""

    number: int
    texts: Mapping[str, str]
    references: Entries
    place: Callable[[str], str]
    extra: dict[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)  # titles of fields
    inputs: Mapping[str, Any] | None = None  # given as an object
    soft: Mapping[str, InputDraft] = field(default_factory=dict)
    cells: Mapping[str, Cell] = field(default_factory=dict)  # as they came
    blank: Sequence[str] = ()  # columns that the prompt needs and that have nothing in them


def given_item(at: int, item: Mapping[str, Any] | BaseModel, problems: Problems) -> GivenRow:
    """Read one item of a request; what is wrong with its names or types is noted."""
    fields = item.model_dump() if isinstance(item, BaseModel) else item
    texts: dict[str, str] = {}
    references: Entries = []
    inputs: Mapping[str, Any] | None = None
    for name, value in fields.items():
        place = f"items[{at}].{shown(name)}"
        known = any_field_named(name)
        if known is None:
            there = ", ".join((*FIELDS, *COMPOSITE_FIELDS))
            message = f"there is no field of that name; there are {there}"
            problems.add(ProblemCode.UNKNOWN_COLUMN, place, message, name)
        elif value is None:
            continue
        elif known == "product" and not isinstance(value, str):
            listed = _listed_references(value, place, problems)
            texts[known] = " ".join(source for source, _ in listed)
        elif known == "references" and not isinstance(value, str):
            references += _listed_references(value, place, problems)
        elif known == INPUTS and isinstance(value, Mapping):
            inputs = value
        elif isinstance(value, str) or (known == "variants" and type(value) is int):
            texts[known] = str(value).strip()
        else:
            message = f"a {type(value).__name__} cannot be used here; give text"
            problems.add(ProblemCode.INVALID_TYPE, place, message, value)
    references += reference_entries(texts.get("references", ""))
    return GivenRow(at + 1, texts, references, lambda name: f"items[{at}].{name}", inputs=inputs)


def sets_inputs(name: str) -> bool:
    """Tell fields that set a model's inputs."""
    return name.partition(".")[0] == INPUTS


def _listed_references(value: Any, place: str, problems: Problems) -> Entries:
    """Read a list of addresses, or of objects with `url` and `mode`."""
    entries: Entries = []
    for at, each in enumerate(value if isinstance(value, list | tuple) else [value]):
        one = each.model_dump() if isinstance(each, BaseModel) else each
        if isinstance(one, str):
            entries.append((one, ""))
        elif isinstance(one, Mapping) and isinstance(one.get("url"), str):
            entries.append((one["url"], str(one.get("mode") or "")))
        else:
            message = 'a reference is an address, or {"url": …, "mode": …}'
            problems.add(ProblemCode.INVALID_TYPE, f"{place}[{at}]", message, one)
    return entries
