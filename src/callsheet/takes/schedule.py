"""When to look at a take again: pure functions of what is known about it."""

import random
from collections.abc import Mapping
from typing import Final

from callsheet.takes.model import TakeStatus

MAX_TRIES: Final = 8  # orders that the provider was too busy for, before a take fails
_SHORTEST_S: Final = 0.5
_LONGEST_S: Final = 15.0
_LONGEST_WITH_WEBHOOK_S: Final = 300.0
_FIRST_RETRY_S: Final = 0.5
_STEPS: Final = 60  # by then every wait is the longest; powers beyond would overflow some day
_LONGEST_RETRY_S: Final = 60.0
_LONGEST_ASKED_S: Final = 300.0  # for longer a provider's door rests, not each take by itself
_LONGEST_LOOK_S: Final = 1_800.0
_HOUR_S: Final = 3_600.0
# No take of ours is put off for longer, whatever it waits for: what is due later than that was
# written by a clock that was ahead. Its order must have settled, which may take an hour.
LONGEST_WAIT_S: Final[Mapping[TakeStatus, float]] = {
    TakeStatus.QUOTED: _LONGEST_ASKED_S + 30,
    TakeStatus.HELD: _LONGEST_ASKED_S + 30,
    TakeStatus.ORDERED: _HOUR_S + 30,
    TakeStatus.IN_DOUBT: _LONGEST_ASKED_S + 30,
    TakeStatus.RUNNING: _LONGEST_LOOK_S + 30,
    TakeStatus.ADOPTING: _LONGEST_ASKED_S + 30,
}


def next_look_s(expected_s: float, looks: int, *, webhook: bool) -> float:
    """Say in how many seconds to ask about an order that is being made.

    First after a third of the usual time, then in steps that grow slowly. Where the provider calls
    us, asking is for calls that got lost: first after twice that time, when most have come.
    """
    looks = min(looks, _STEPS)
    if webhook:
        first = max(expected_s * 2, 10.0)
        wait = min(first * 1.5**looks, max(_LONGEST_WITH_WEBHOOK_S, first))
        return min(wait, _LONGEST_LOOK_S)
    step = expected_s / 3 if looks == 0 else expected_s / 6 * 1.1 ** (looks - 1)
    return max(_SHORTEST_S, min(step, max(_LONGEST_S, expected_s), _LONGEST_LOOK_S))


def backoff_s(tries: int, asked_s: float | None = None) -> float:
    """Say in how many seconds to try again: what was asked for, or longer each time; jittered.

    Of what was asked for at most five minutes: then it is tried again, if the door rests no more.
    """
    jitter = random.uniform(0.5, 1.5)  # noqa: S311  # spreads retries, guards nothing
    if asked_s is not None:
        return min(asked_s, _LONGEST_ASKED_S) + 0.2 * jitter
    return float(min(_FIRST_RETRY_S * 2 ** min(tries, _STEPS), _LONGEST_RETRY_S)) * jitter
