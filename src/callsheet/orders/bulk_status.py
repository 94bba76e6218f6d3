"""Asking about orders: many at once where a provider answers so, and evenly within its limit."""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from callsheet.orders.context import OrderContext
from callsheet.orders.terms import key_for
from callsheet.ports.following import SurveyableProvider
from callsheet.ports.hosted import BusyError
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError
from callsheet.takes.model import Take

WORTH_IT: Final = 8  # fewer due orders than that are asked about one by one
MOST: Final = 1_000  # takes of one survey
_PER_S: Final = 100  # takes surveyed a second, so that those which only wait cost next to nothing
_EVERY_S: Final = 1.0  # surveys of one provider begin at least that far apart
REST_S: Final = 60.0  # for which a provider whose list failed is asked about each order by itself
_LONGEST_S: Final = 15.0  # an account that others fill, too, may list more than a claim lasts
_EARLY_S: Final = 1.0  # turns may come this much early: small bursts do no harm


_GAP: Final = timedelta(seconds=10)  # orders that far apart are asked for separately
# How far a provider's clock may be off ours: further, and orders are asked about one by one.
_EARLY, _LATE = timedelta(seconds=1), timedelta(seconds=3)


@dataclass(slots=True)
class Pacer:
    """Gives out turns, so many a minute; None is as many as are asked for.

    The generic cell rate algorithm (ITU-T I.371): `due` is when the last turn given out would be
    if all came evenly. Times are the event loop's, in seconds.
    """

    per_minute: int | None
    due: float = 0.0
    resting_until: float = 0.0

    async def turn(self) -> None:
        """Wait for a turn."""
        loop = asyncio.get_running_loop()
        mine = 0.0
        if self.per_minute is not None:
            mine = self.due = max(self.due, loop.time() - _EARLY_S) + 60 / self.per_minute
        await asyncio.sleep(mine - loop.time())
        await asyncio.sleep(self.resting_until - loop.time())

    def rest(self, seconds: float) -> None:
        """Give out no turn for a while: the provider asked for it."""
        until = asyncio.get_running_loop().time() + seconds
        self.resting_until = max(self.resting_until, until)


def turn_s(takes: int) -> float:
    """Say for how many seconds a survey of so many takes must do."""
    return max(_EVERY_S, takes / _PER_S)


async def tickets_at_work(
    ctx: OrderContext, provider: SurveyableProvider, takes: Sequence[Take], pacer: Pacer
) -> tuple[set[str], bool]:
    """Name the tickets of those takes of which the provider says that it is at work.

    The others it calls done, or does not know. Second, whether it could be asked about all of them.
    """
    found: set[str] = set()
    try:
        async with asyncio.timeout(_LONGEST_S):
            for key, group in await _by_key(ctx, takes):
                for since, until in stretches(group):
                    await pacer.turn()
                    found.update(await provider.at_work(since, until, key))
    except (ProviderError, TimeoutError) as error:
        # the rest is asked about one by one: whoever does that learns what is wrong, and acts on it
        if isinstance(error, BusyError):
            pacer.rest(error.retry_after_s or 0.0)
        return found, False
    return found, True


async def _by_key(
    ctx: OrderContext, takes: Sequence[Take]
) -> Collection[tuple[ProviderKey, list[Take]]]:
    groups: dict[str, tuple[ProviderKey, list[Take]]] = {}
    for take in takes:
        key = await key_for(ctx, take)
        groups.setdefault(key.print, (key, []))[1].append(take)
    return groups.values()


def stretches(takes: Sequence[Take]) -> Iterator[tuple[datetime, datetime]]:
    """Tell when those takes were ordered: the times in which enough of them lie to survey."""
    times = sorted(take.times.ordered_at for take in takes if take.times.ordered_at is not None)
    first = 0
    for place, time in enumerate(times, 1):
        if place == len(times) or times[place] - time > _GAP:
            if place - first >= WORTH_IT // 2:
                yield times[first] - _EARLY, time + _LATE
            first = place
