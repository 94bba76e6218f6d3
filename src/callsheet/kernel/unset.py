"""What was not said, where None says something: a field that a change leaves as it is."""

from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


class Unset(Enum):
    """The one value that stands for none being given."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
Maybe: TypeAlias = T | Unset


def given(change: "DataclassInstance") -> dict[str, Any]:
    """Read the fields of a change that were set, by name."""
    found = {field.name: getattr(change, field.name) for field in fields(change)}
    return {name: value for name, value in found.items() if value is not UNSET}
