"""How much of what takes long is run: a share of it, or with `pytest --all` the whole.

The share is chosen, not drawn: the points, faults and examples where money or an order is at stake.
"""

import os
from typing import Final, TypeVar

T = TypeVar("T")
VARIABLE: Final = "TESTS_SCALE"  # set by the option


def scaled(short: T, whole: T) -> T:
    """Choose what this run takes; ask when tests are collected at the earliest."""
    return whole if os.environ.get(VARIABLE) == "all" else short


def set_examples() -> None:
    """Choose how many examples a property has that names no number; no clock judges them."""
    from hypothesis import settings  # takes long, and few runs of a few tests need it

    examples = scaled(100, 2_000)
    settings.register_profile("scaled", max_examples=examples, deadline=None)
    settings.load_profile("scaled")
