"""Order keys: text between which there is always room, so that moving one thing changes one thing.

A key is a fraction between 0 and 1 in base 62, without the leading point and without a last digit
of zero; keys sort as text does. After the Figma team's "Realtime editing of ordered sequences".
"""

from collections.abc import Iterable
from typing import Final

from callsheet.jobs.model import Shot

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MOST_CHARS: Final = 200


def is_order_key(text: str) -> bool:
    """Tell whether text is a key in the form in which it sorts."""
    sound = 0 < len(text) <= MOST_CHARS and not text.endswith(DIGITS[0])
    return sound and all(char in DIGITS for char in text)


def between(before: str | None, after: str | None) -> str:
    """Make a key that sorts after one and before another; None is either end.

    Raises ValueError unless `before` sorts before `after`.
    """
    low, high = before or "", after
    if high is not None and low >= high:
        raise ValueError(f"{low!r} does not sort before {high!r}")
    made = ""
    while True:
        place = len(made)
        least = DIGITS.index(low[place]) if place < len(low) else 0
        most = DIGITS.index(high[place]) if high is not None and place < len(high) else len(DIGITS)
        if most - least > 1:
            return made + DIGITS[(least + most) // 2]
        made += DIGITS[least]
        if least < most:
            high = None  # whatever follows is below it


def in_order(shots: Iterable[Shot]) -> list[Shot]:
    """Sort shots as their film shows them: by order key, those without one by row before these."""
    return sorted(shots, key=lambda shot: (shot.plan.order_key or "", shot.row))
