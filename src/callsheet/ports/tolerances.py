"""Tolerances of a check: a dataclass whose fields say what a profile may write there.

The type of a field says what it holds, `limit` between which numbers it must lie.
"""

from dataclasses import field
from typing import Any


def limit(
    default: Any,
    unit: str = "",
    *,
    least: float = 0.0,
    most: float = float("inf"),
    choices: tuple[str, ...] = (),
    says: str = "",
) -> Any:
    """Make a field of tolerances; `says` explains it in one sentence."""
    bounds = {"unit": unit, "least": least, "most": most, "choices": choices, "says": says}
    return field(default=default, metadata=bounds)
