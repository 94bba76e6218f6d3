"""Long lists, a page at a time."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def paged(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Go through items in pages of so many; the last may be shorter."""
    return (items[start : start + size] for start in range(0, len(items), size))
