"""Ordering: takes that wait are claimed, written down as ordered, and sent, once each."""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import ClassVar, Final

from callsheet.controls.availability import Availabilities, availability_of
from callsheet.controls.model import Switches
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.orders.availability import ProviderUnavailableError, is_away, miss, park
from callsheet.orders.context import OrderContext
from callsheet.orders.loops import LOOKS, keep_at, set_aside
from callsheet.orders.payloads import PayloadBuilder, PreparedOrder
from callsheet.orders.recording import Result, sent_of, write_results
from callsheet.orders.reservation import intend
from callsheet.orders.sending import Sender, with_outputs_kept
from callsheet.orders.terms import key_for
from callsheet.orders.write_batcher import WriteBatcher
from callsheet.ports.engine import Loop
from callsheet.ports.hosted import (
    HostedProvider,
    NotReachedError,
    SwitchedOffError,
)
from callsheet.ports.models import (
    ProviderError,
    UnknownModelError,
    UnusableCardError,
)
from callsheet.takes.claims import Claim
from callsheet.takes.limits import full, room
from callsheet.takes.model import Take
from callsheet.takes.schedule import backoff_s

_LOG = logging.getLogger("callsheet.orders")
SENDS: Final = 192  # orders on their way at a time, of one process to one provider
LARGE_SENDS: Final = 64  # where each answer holds a picture, and that in memory
_GROUP: Final = 128  # orders written down at a time: the next group, while this one is on its way
_CLAIM_S: Final = 60.0
_FULL: Final = timedelta(seconds=5)  # how long its limits are believed to leave no room
_WRITING_S: Final = 2.0  # at the end, for what has come


class NotOrderableError(ProviderError):
    """A defect of callsheet's own kept a take from being ordered: nothing was sent."""

    code: ClassVar[str] = "not_orderable"

    def __init__(self, provider: str, error: str) -> None:
        reason = f"a defect of callsheet's own ({error}, the log has it whole) keeps this take from"
        super().__init__(
            provider, f"{reason} being ordered; nothing was sent. Please report it, then retry"
        )


class Submitter:
    """Orders what waits, for as long as it runs. Any number of processes may.

    An order must be on its way soon after it was written down: one whose process stood still
    meanwhile is not sent, because others may have begun to look for it.
    """

    def __init__(self, ctx: OrderContext, who: str) -> None:
        self._ctx, self._who = ctx, who
        self._wording = PayloadBuilder(ctx)
        self._writer: WriteBatcher[Result] = WriteBatcher(partial(write_results, ctx))
        self._sending: dict[str, set[asyncio.Task[None]]] = defaultdict(set)
        self._full_until: dict[str, datetime] = {}  # by provider whose limits leave no room
        self._try_at: dict[str, datetime] = {}  # when to claim one there all the same
        self._turn = asyncio.Lock()
        self._sender = Sender(ctx)

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this orders."""
        return {"submitter": self._run, "submitter-writer": self._writer.run}

    async def _run(self) -> None:
        mend = partial(set_aside, self._ctx)
        await keep_at(self.round, self._ctx.runtime.wake_submitter, mend=mend)

    async def end(self) -> None:
        """Let what is on its way arrive, within the grace, and write it down.

        The writer must be running still. An order that is broken off here is found by whoever
        looks for it next.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WRITING_S), self._turn:
                pass  # what the last turn has written down as ordered is on its way
        if sending := self._all_sending():
            _LOG.info("orders.awaited", extra=event(orders=len(sending)))
        await self._ctx.runtime.shutdown.wait_for(self._all_sending)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WRITING_S):
                await self._writer.drain()
        rest = self._all_sending()
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _all_sending(self) -> list[asyncio.Task[None]]:
        return [task for tasks in self._sending.values() for task in tasks]

    async def round(self) -> bool:
        """Order from each provider what it takes now; tells whether there was anything."""
        async with self._turn:
            return not self._ctx.runtime.shutdown.asked.is_set() and await self._order()

    async def _order(self) -> bool:
        ctx, now = self._ctx, self._ctx.books.clock()
        async with ctx.books.database.read() as connection:
            waited_for = await ctx.books.in_flight.providers_waited_for(connection, now)
            if not waited_for:
                return False
            availabilities = await ctx.books.availability.all(connection)
            switches = await ctx.books.switches.all(connection)
        busy, failed = False, []
        for name in sorted(waited_for & ctx.providers.hosted.keys()):
            provider, availability = (
                ctx.providers.hosted[name],
                availability_of(availabilities, name),
            )
            try:
                if availability.is_shut:
                    await park(ctx, name, availability)
                elif availability.resting_until <= now.timestamp():
                    busy |= await self._order_from(provider, switches, availabilities)
            except UnavailableError:
                raise
            except Exception as error:  # noqa: BLE001  # raised below: the others come first
                failed.append(error)
        if failed:
            raise failed[0]
        return busy

    def _free(self, provider: HostedProvider) -> int:
        """Count how many orders may go out now: one until it is known that our key passes."""
        most = LARGE_SENDS if provider.answers_hold_outputs else SENDS
        if provider.name not in self._sender.trusted or provider.name in self._ctx.runtime.away:
            most = 1
        return min(_GROUP, most - len(self._sending[provider.name]))

    async def _room(self, provider: HostedProvider) -> int:
        """Count how many takes to claim: as many as the provider's limits allow to order now.

        Others may take that room first; `intend` counts again. Where there is none, one take is
        claimed now and then all the same: its key or its model may be off, and its job must hear
        of it, above all where what is out cannot be asked about any more and stays out.
        """
        name, free, now = provider.name, self._free(provider), self._ctx.books.clock()
        if free <= 0 or now < self._full_until.get(name, now):
            return 0
        async with self._ctx.books.database.read() as connection:
            free = await room(connection, name, provider.pace, free, now)
            reached = None if free else await full(connection, name, provider.pace, now)
        if reached is not None and reached.until is not None:
            self._full_until[name] = min(reached.until, now + _FULL)
        if not free and now >= self._try_at.get(name, now):
            self._try_at[name] = now + _FULL
            return 1
        return free

    async def _order_from(
        self, provider: HostedProvider, switches: Switches, availabilities: Availabilities
    ) -> bool:
        ctx = self._ctx
        free = 0 if is_away(ctx, provider.name) else await self._room(provider)
        if free <= 0:
            return False
        claim = Claim(self._who, ctx.books.clock(), _CLAIM_S)
        async with ctx.books.database.begin(small=True) as connection:
            takes = await ctx.books.in_flight.claim_to_order(connection, provider.name, claim, free)
        worded = await asyncio.gather(
            *(self._word(provider, take, switches, availabilities) for take in takes)
        )
        ready = [each for each in worded if each is not None]
        groups = [list(group) for _, group in groupby(ready, key=lambda each: each.take.job)]
        for place, group in enumerate(groups):
            try:
                await self._send_group(provider, group)
            except UnavailableError as problem:  # it would not be there for the others either
                for each in (each for left in groups[place:] for each in left):
                    self._give_back(provider, each.take, problem, 0.0)
                raise
        return bool(takes)

    async def _word(
        self,
        provider: HostedProvider,
        take: Take,
        switches: Switches,
        availabilities: Availabilities,
    ) -> PreparedOrder | None:
        try:
            card = self._ctx.providers.catalog.card(take.model)
            closed = switches.closed(card, self._ctx.books.clock().date())
            if closed is not None:
                said = f"{take.model} is off: {closed}"
                self._writer.add(Result(provider, take, SwitchedOffError(provider.name, said)))
                return None
            key = await key_for(self._ctx, take)
            availability = availability_of(availabilities, provider.name, key.print)
            if availability.is_shut:
                raise ProviderUnavailableError(availability)  # noqa: TRY301  # written down like what follows
            return await self._wording.word(provider, take, key)
        except ProviderError as error:
            if isinstance(error, NotReachedError):
                miss(self._ctx, provider.name)
            self._writer.add(Result(provider, take, error))
        except (UnknownModelError, UnusableCardError) as error:  # its package was removed, or broke
            off = SwitchedOffError(provider.name, str(error))
            self._writer.add(Result(provider, take, off))
        except UnavailableError as problem:
            _LOG.warning("take.waits", extra=event(take=take.id, reason=str(problem)))
            self._give_back(provider, take, problem, backoff_s(take.flight.looks))
        except Exception as error:  # noqa: BLE001  # one take must not keep the others
            self._mind_defect(provider, take, error)
        return None

    def _give_back(
        self, provider: HostedProvider, take: Take, problem: UnavailableError, wait_s: float
    ) -> None:
        due_at = self._ctx.books.clock().timestamp() + wait_s
        self._writer.add(Result(provider, take, problem, due_at))

    def _mind_defect(self, provider: HostedProvider, take: Take, error: Exception) -> None:
        """Report what nobody foresaw about a take of which nothing was sent, and put it off.

        After some tries it fails, by name: whoever looks at its row can have it made again.
        """
        said = event(take=take.id, job=take.job, looks=take.flight.looks)
        _LOG.error("take.ordering_failed", exc_info=error, extra=said)
        defect = NotOrderableError(provider.name, type(error).__name__)
        if take.flight.looks < LOOKS:
            self._give_back(
                provider, take, UnavailableError(str(defect)), backoff_s(take.flight.looks)
            )
        else:
            self._writer.add(Result(provider, take, defect))

    async def _intended(
        self, provider: HostedProvider, group: Sequence[PreparedOrder]
    ) -> Sequence[PreparedOrder]:
        """Write down what is about to be sent; noted as open here from before that on."""
        sending = self._ctx.runtime.sending
        next_ones = {(each.take.id, each.take.flight.order_no + 1) for each in group}
        sending.update(next_ones)
        covered: Sequence[PreparedOrder] = []
        try:
            covered = await intend(self._ctx, provider, group)
        finally:
            sending.difference_update(next_ones - {sent_of(each.take) for each in covered})
        return covered

    async def _send_group(self, provider: HostedProvider, group: Sequence[PreparedOrder]) -> None:
        if self._ctx.runtime.shutdown.asked.is_set():
            for each in group:
                self._give_back(provider, each.take, UnavailableError("this process ends"), 0.0)
            return
        try:
            covered = await self._intended(provider, group)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  # one job, or one take, must not keep the others
            if len(group) == 1:
                self._mind_defect(provider, group[0].take, error)
                return
            for each in group:
                await self._send_group(provider, [each])
            return
        self._ctx.runtime.wake_listener[provider.name].set()
        for each in covered:
            task = asyncio.create_task(self._send(provider, each))
            self._sending[provider.name].add(task)
            task.add_done_callback(partial(self._sent, provider.name, each.take))

    def _sent(self, provider: str, take: Take, task: asyncio.Task[None]) -> None:
        self._sending[provider].discard(task)
        if task.cancelled() or task.exception() is not None:
            self._ctx.runtime.sending.discard(sent_of(take))  # nothing of it will be written down
        self._ctx.runtime.wake_submitter.set()

    async def _send(self, provider: HostedProvider, each: PreparedOrder) -> None:
        result = await self._sender.send(provider, each)
        result = await with_outputs_kept(self._ctx, each, result)
        self._writer.add(Result(provider, each.take, result))
