"""Ordering: takes that wait are claimed, written down as ordered, and sent, once each."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final

from callsheet.controls.providers import Doors, door_of
from callsheet.controls.store import Switches
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.line.hosted.doors import DoorShutError, park, shut
from callsheet.line.hosted.intending import intend
from callsheet.line.hosted.keys import key_for
from callsheet.line.hosted.parcels import kept
from callsheet.line.hosted.results import Result, write_results
from callsheet.line.hosted.rhythm import keep_at
from callsheet.line.hosted.scribe import Scribe
from callsheet.line.hosted.wording import Worded, Wording
from callsheet.line.house import House
from callsheet.ports.hosted import (
    HostedProvider,
    Made,
    ProviderBlockedError,
    Submitted,
    SwitchedOffError,
)
from callsheet.ports.models import (
    ProviderError,
    RefusedError,
    UnknownModelError,
    UnusableCardError,
)
from callsheet.takes.flight import Claim
from callsheet.takes.limits import full, room
from callsheet.takes.model import Take
from callsheet.takes.schedule import backoff_s

_LOG = logging.getLogger("callsheet.hosted")
SENDS: Final = 192  # orders on their way at a time, of one process to one provider
LARGE_SENDS: Final = 64  # where each answer holds a picture, and that in memory
_GROUP: Final = 128  # orders written down at a time: the next group, while this one is on its way
_CLAIM_S: Final = 60.0
_FULL: Final = timedelta(seconds=5)  # how long its limits are believed to leave no room
_ENDING_S: Final = 5.0


class Orderer:
    """Orders what waits, for as long as it runs. Any number of processes may.

    An order must be on its way soon after it was written down: one whose process stood still
    meanwhile is not sent, because others may have begun to look for it.
    """

    def __init__(self, house: House, who: str) -> None:
        self._house, self._who = house, who
        self._wording = Wording(house)
        self._scribe: Scribe[Result] = Scribe(partial(write_results, house))
        self._sending: dict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._full_until: dict[str, datetime] = {}  # by provider whose limits leave no room
        self._try_at: dict[str, datetime] = {}  # when to claim one there all the same
        self._trusted: dict[str, str] = {}  # the last key with which a provider took our order

    async def run(self) -> None:
        """Order until cancelled; then let what is on its way arrive."""
        scribe = asyncio.create_task(self._scribe.run(), name="order-scribe")
        try:
            await keep_at(self.round, self._house.wake_orderer)
        finally:
            await self._end(scribe)

    async def _end(self, scribe: asyncio.Task[None]) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ENDING_S):
                while sending := [task for tasks in self._sending.values() for task in tasks]:
                    await asyncio.wait(sending)
                await self._scribe.drain()
        scribe.cancel()
        await asyncio.gather(scribe, return_exceptions=True)

    async def round(self) -> bool:
        """Order from each provider what it takes now; tells whether there was anything."""
        house, now = self._house, self._house.clock()
        async with house.database.read() as connection:
            waited_for = await house.flight.providers_waited_for(connection, now)
            if not waited_for:
                return False
            doors = await house.doors.all(connection)
            switches = await house.switches.all(connection)
        busy = False
        for name in sorted(waited_for & house.hosted.keys()):
            provider, door = house.hosted[name], door_of(doors, name)
            if door.is_shut:
                await park(house, name, door)
            elif door.resting_until <= now.timestamp():
                busy |= await self._order_from(provider, switches, doors)
        return busy

    def _free(self, provider: HostedProvider) -> int:
        """Count how many orders may go out now: one until it is known that our key passes."""
        most = LARGE_SENDS if provider.answers_hold_outputs else SENDS
        if provider.name not in self._trusted:
            most = 1
        return min(_GROUP, most - len(self._sending[provider.name]))

    async def _room(self, provider: HostedProvider) -> int:
        """Count how many takes to claim: as many as the provider's limits allow to order now.

        Others may take that room first; `intend` counts again. Where there is none, one take is
        claimed now and then all the same: its key or its model may be off, and its job must hear
        of it, above all where what is out cannot be asked about any more and stays out.
        """
        name, free, now = provider.name, self._free(provider), self._house.clock()
        if free <= 0 or now < self._full_until.get(name, now):
            return 0
        async with self._house.database.read() as connection:
            free = await room(connection, name, provider.pace, free, now)
            reached = None if free else await full(connection, name, provider.pace, now)
        if reached is not None and reached.until is not None:
            self._full_until[name] = min(reached.until, now + _FULL)
        if not free and now >= self._try_at.get(name, now):
            self._try_at[name] = now + _FULL
            return 1
        return free

    async def _order_from(self, provider: HostedProvider, switches: Switches, doors: Doors) -> bool:
        house, free = self._house, await self._room(provider)
        if free <= 0:
            return False
        claim = Claim(self._who, house.clock(), _CLAIM_S)
        async with house.database.begin(small=True) as connection:
            takes = await house.flight.claim_to_order(connection, provider.name, claim, free)
        worded = await asyncio.gather(
            *(self._word(provider, take, switches, doors) for take in takes)
        )
        ready = [each for each in worded if each is not None]
        for _, group in groupby(ready, key=lambda each: each.take.job):
            await self._send_group(provider, list(group))
        return bool(takes)

    async def _word(
        self, provider: HostedProvider, take: Take, switches: Switches, doors: Doors
    ) -> Worded | None:
        try:
            card = self._house.catalog.card(take.model)
            closed = switches.closed(card, self._house.clock().date())
            if closed is not None:
                said = f"{take.model} is off: {closed}"
                self._scribe.add(Result(provider, take, SwitchedOffError(provider.name, said)))
                return None
            key = await key_for(self._house, take)
            door = door_of(doors, provider.name, key.print)
            if door.is_shut:
                raise DoorShutError(door)  # written down like what follows
            return await self._wording.word(provider, take, key)
        except ProviderError as error:
            self._scribe.add(Result(provider, take, error))
        except (UnknownModelError, UnusableCardError) as error:  # its package was removed, or broke
            off = SwitchedOffError(provider.name, str(error))
            self._scribe.add(Result(provider, take, off))
        except UnavailableError as problem:
            _LOG.warning("take.waits", extra=event(take=take.id, reason=str(problem)))
            due_at = self._house.clock().timestamp() + backoff_s(take.looks)
            self._scribe.add(Result(provider, take, problem, due_at))
        return None

    async def _send_group(self, provider: HostedProvider, group: Sequence[Worded]) -> None:
        covered = await intend(self._house, provider, group)
        self._house.wake_listener[provider.name].set()
        for each in covered:
            task = asyncio.create_task(self._send(provider, each))
            self._sending[provider.name].add(task)
            task.add_done_callback(partial(self._sent, provider.name))

    def _sent(self, provider: str, task: asyncio.Task[None]) -> None:
        self._sending[provider].discard(task)
        self._house.wake_orderer.set()

    async def _send(self, provider: HostedProvider, each: Worded) -> None:
        result: Submitted | ProviderError
        try:
            result = await provider.submit(each.order)
        except ProviderError as error:
            result = error
        key_print = each.order.key.print
        if isinstance(result, Submitted | RefusedError):
            self._trusted[provider.name] = key_print
        elif isinstance(result, ProviderBlockedError) and self._trusted.get(provider.name) in (
            key_print,
            None,
        ):
            self._trusted.pop(provider.name, None)
        if isinstance(
            result, ProviderBlockedError
        ):  # before another order can take this one's turn
            with contextlib.suppress(UnavailableError):
                await shut(self._house, result, key_print)
        if isinstance(result, Submitted) and isinstance(result.standing, Made):
            ordered = replace(each.take, order_digest=each.digest)
            made = await kept(self._house, ordered, result.ticket, result.standing)
            result = replace(result, standing=made)
        self._scribe.add(Result(provider, each.take, result))
