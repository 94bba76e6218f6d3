"""When to look at a take again: pure functions of what is known about it."""

import random
from typing import Final

MAX_TRIES: Final = 8  # orders that the provider was too busy for, before a take fails
_SHORTEST_S: Final = 0.5
_LONGEST_S: Final = 15.0
_LONGEST_WITH_WEBHOOK_S: Final = 300.0
_FIRST_RETRY_S: Final = 0.5
_STEPS: Final = 60  # by then every wait is the longest; powers beyond would overflow some day
_LONGEST_RETRY_S: Final = 60.0


def next_look_s(expected_s: float, looks: int, *, webhook: bool) -> float:
    """Say in how many seconds to ask about an order that is being made.

    First after a third of the usual time, then in steps that grow slowly. Where the provider calls
    us, asking is for calls that got lost: first after twice that time, when most have come.
    """
    looks = min(looks, _STEPS)
    if webhook:
        first = max(expected_s * 2, 10.0)
        return min(first * 1.5**looks, max(_LONGEST_WITH_WEBHOOK_S, first))
    step = expected_s / 3 if looks == 0 else expected_s / 6 * 1.1 ** (looks - 1)
    return max(_SHORTEST_S, min(step, max(_LONGEST_S, expected_s)))


def backoff_s(tries: int, asked_s: float | None = None) -> float:
    """Say in how many seconds to try again: what was asked for, or longer each time; jittered."""
    jitter = random.uniform(0.5, 1.5)  # noqa: S311  # spreads retries, guards nothing
    if asked_s is not None:
        return asked_s + 0.2 * jitter
    return float(min(_FIRST_RETRY_S * 2 ** min(tries, _STEPS), _LONGEST_RETRY_S)) * jitter
