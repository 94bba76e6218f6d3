"""Following: orders that are out are asked about when due, whoever placed them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.orders.bulk_status import MOST, REST_S, WORTH_IT, Pacer, tickets_at_work, turn_s
from callsheet.orders.context import OrderContext
from callsheet.orders.inline_outputs import kept
from callsheet.orders.loops import ROUND_S, ClaimKeeper, keep_at, set_aside
from callsheet.orders.poll_results import Look, lateness_s, write_looks
from callsheet.orders.reconciler import reconcile
from callsheet.orders.terms import key_for, terms_of
from callsheet.orders.write_batcher import WriteBatcher
from callsheet.ports.engine import Loop
from callsheet.ports.following import SurveyableProvider
from callsheet.ports.hosted import BusyError, HostedProvider, Made, Pending, Standing
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError
from callsheet.takes.claims import Claim
from callsheet.takes.model import OUT, Take, TakeStatus

_LOG = logging.getLogger("callsheet.orders")
POLLS: Final = 64
_CLAIM_S: Final = 60.0
_RUNNING: Final = frozenset({TakeStatus.RUNNING})
_DOUBTFUL: Final = OUT - _RUNNING
_LONG_S: Final = 30.0  # of what takes longer, the next look is not in a hurry


class StatusPoller:
    """Follows what is due, for as long as it runs. Any number of processes may."""

    def __init__(self, ctx: OrderContext, who: str) -> None:
        self._ctx, self._who = ctx, who
        self._writer: WriteBatcher[Look] = WriteBatcher(partial(write_looks, ctx), gather_s=ROUND_S)
        self._looking: set[asyncio.Task[None]] = set()
        self._keeper = ClaimKeeper(ctx, _CLAIM_S)
        self._surveyed: set[str] = set()  # providers that are being asked about many takes at once
        self._one_by_one_until: dict[str, float] = {}  # by provider, after its list failed
        self._surveyable = {
            name: provider
            for name, provider in ctx.providers.hosted.items()
            if isinstance(provider, SurveyableProvider)
        }
        self._pacers = {
            name: Pacer(provider.pace.reads_per_minute)
            for name, provider in ctx.providers.hosted.items()
        }

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this follows."""
        return {
            "follower": self._run,
            "poller-writer": self._writer.run,
            "follow-keeper": self._keeper.run,
        }

    async def _run(self) -> None:
        mend = partial(set_aside, self._ctx)
        await keep_at(self.round, self._ctx.runtime.wake_poller, mend=mend)

    async def end(self) -> None:
        """Break off what is being looked at; somebody looks again."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    async def round(self) -> bool:
        """Claim what is due and look at it; tells whether there was anything."""
        free = POLLS - len(self._looking)
        if free < POLLS // 2:  # half of them at a time, when more is due than may be asked
            return False
        ctx = self._ctx
        claim = Claim(self._who, ctx.books.clock(), _CLAIM_S)
        async with ctx.books.database.begin(small=True) as connection:
            claimed = partial(ctx.books.in_flight.claim_to_look_at, connection)
            sending = {take for take, _ in ctx.runtime.sending}
            doubtful = await claimed(_DOUBTFUL, claim, free, sending=sending)
            running = await claimed(_RUNNING, claim, free, but=self._surveyed)
        for provider, group in self._by_provider(doubtful):
            self._start(reconcile(ctx, provider, group), group)
        for provider, group in self._by_provider(running):
            if len(group) >= WORTH_IT and self._may_survey(provider.name):
                self._surveyed.add(provider.name)
                self._start(self._survey(provider, group), group)
            else:
                for take in group:
                    self._start(self._look(provider, take), [take])
        return bool(doubtful or running)

    def _by_provider(self, takes: Sequence[Take]) -> Iterator[tuple[HostedProvider, list[Take]]]:
        groups: dict[str, list[Take]] = defaultdict(list)
        for take in takes:
            if take.provider in self._ctx.providers.hosted:
                groups[take.provider].append(take)
            else:
                _LOG.error("take.orphaned", extra=event(take=take.id, provider=take.provider))
        return ((self._ctx.providers.hosted[name], group) for name, group in groups.items())

    def _may_survey(self, provider: str) -> bool:
        """Tell whether a provider can be asked about many takes at once, and is not being asked."""
        one_by_one_until = self._one_by_one_until.get(provider, 0.0)
        return (
            provider in self._surveyable
            and provider not in self._surveyed
            and asyncio.get_running_loop().time() >= one_by_one_until
        )

    async def _survey(self, provider: HostedProvider, takes: Sequence[Take]) -> None:
        """Ask about many takes at once, and one by one about those that are not at work.

        Those at work rest until all others of this provider have had a turn.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            more, out = await self._more_of(provider)
            self._keeper.add(more)
            takes = [*takes, *more]
            surveyable, pacer = self._surveyable[provider.name], self._pacers[provider.name]
            at_work, answered = await tickets_at_work(self._ctx, surveyable, takes, pacer)
            if not answered:
                self._one_by_one_until[provider.name] = loop.time() + REST_S
            rest: list[Take] = []
            for take in takes:
                stopping = take.flight.cancel_asked or lateness_s(self._ctx, take) > 0
                if take.flight.ticket in at_work and not stopping:
                    self._note(Look(provider, take, Pending(), rest_s=turn_s(out)))
                else:
                    rest.append(take)
            for first in range(0, len(rest), POLLS):
                group = rest[first : first + POLLS]
                await asyncio.gather(*(self._look(provider, take) for take in group))
            await asyncio.sleep(began + turn_s(len(takes)) - loop.time())
        finally:
            self._keeper.drop(takes)
            self._surveyed.discard(provider.name)

    async def _more_of(self, provider: HostedProvider) -> tuple[list[Take], int]:
        """Claim what else is due of a provider's running takes; count all that run there."""
        flight, claim = (
            self._ctx.books.in_flight,
            Claim(self._who, self._ctx.books.clock(), _CLAIM_S),
        )
        async with self._ctx.books.database.begin() as connection:
            more = await flight.claim_to_look_at(
                connection, _RUNNING, claim, MOST, of=provider.name
            )
            return more, await flight.count_running(connection, provider.name)

    def _start(self, look: Coroutine[Any, Any, None], takes: Sequence[Take]) -> None:
        """Look at claimed takes, whose claims are kept for as long as that takes."""
        self._keeper.add(takes)
        task = asyncio.create_task(_reported(look))
        self._looking.add(task)
        task.add_done_callback(partial(self._looked, takes))

    def _looked(self, takes: Sequence[Take], task: asyncio.Task[None]) -> None:
        self._looking.discard(task)
        self._keeper.drop(takes)
        if len(self._looking) == POLLS // 2 or not self._looking:
            self._ctx.runtime.wake_poller.set()

    async def _look(self, provider: HostedProvider, take: Take) -> None:
        found: Standing | ProviderError
        pacer, key_print = self._pacers[provider.name], ""
        try:
            await pacer.turn()
            key = await key_for(self._ctx, take)
            key_print = key.print
            if take.flight.cancel_asked or lateness_s(self._ctx, take) > 0:
                await _stop(provider, take, key)
            found = await provider.poll(take.flight.ticket or "", key)
            if isinstance(found, Made):
                found = await kept(self._ctx, take, take.flight.ticket or "", found)
        except ProviderError as error:
            found = error
        if isinstance(found, BusyError) and found.retry_after_s is not None:
            pacer.rest(found.retry_after_s)
        self._note(Look(provider, take, found, key_print))

    def _note(self, look: Look) -> None:
        pending = isinstance(look.found, Pending)
        unhurried = pending and terms_of(self._ctx, look.take).expected_s >= _LONG_S
        self._writer.add(look, hurry=not unhurried)


async def _stop(provider: HostedProvider, take: Take, key: ProviderKey) -> None:
    """Ask to stop an order; whether it stopped is seen by looking."""
    try:
        await provider.cancel(take.flight.ticket or "", key)
    except ProviderError as error:
        _LOG.warning("take.not_stopped", extra=event(take=take.id, reason=str(error)))


async def _reported(look: Coroutine[Any, Any, None]) -> None:
    """Report a look that fails for a reason nobody foresaw; the take falls due again."""
    try:
        await look
    except UnavailableError as problem:
        _LOG.warning("following.waits", extra=event(reason=str(problem)))
    except Exception:  # noqa: BLE001  # one take must not end the loop for all
        _LOG.exception("following.failed")
