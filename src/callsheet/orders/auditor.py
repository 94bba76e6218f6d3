"""Auditing: orders that were taken for never made are looked for again, and those nobody expects.

What a provider shows late, in its list or by a webhook, cannot be undone. But it is found, told,
and stopped there if that still can be.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final, Never

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.orders.context import OrderContext
from callsheet.orders.evidence import accept_evidence, accept_strays, follow_up
from callsheet.orders.matching import SKEW, Sent, same_model
from callsheet.orders.payloads import sent_by
from callsheet.orders.progress import Incident
from callsheet.orders.proof import Proof, listed_since, prove
from callsheet.orders.terms import key_for
from callsheet.ports.engine import Loop
from callsheet.ports.hosted import HostedProvider
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError
from callsheet.takes.missing import Missing, claim_missing, look_again, strays
from callsheet.takes.model import TakeStatus

_LOG = logging.getLogger("callsheet.orders")
_EVERY_S: Final = 5.0
_POST: Final = timedelta(hours=1)  # how old a webhook may be that is looked into
_SLOWER: Final = 0.5  # of its age is how long to wait before an order is looked for again


@dataclass(frozen=True, slots=True)
class Auditor:
    """Looks after what was believed, for as long as it runs. Any number of processes may."""

    ctx: OrderContext
    _heard: set[tuple[TakeId, str]] = field(default_factory=set)  # webhooks that are looked into

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this audits."""
        return {"auditor": self._run}

    async def _run(self) -> Never:
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.round()
            except UnavailableError as problem:
                _LOG.warning("auditing.waits", extra=event(reason=str(problem)))

    async def round(self) -> None:
        """Look once at what is due. Raises UnavailableError."""
        ctx, now = self.ctx, self.ctx.books.clock()
        async with ctx.books.database.begin(small=True) as connection:
            due = await claim_missing(connection, now)
        async with ctx.books.database.read() as connection:
            told = await strays(connection, now - _POST)
        new = [(take, ticket) for take, ticket in told if (take.id, ticket) not in self._heard]
        for take, ticket in new:
            if await follow_up(ctx, take, ticket):
                self._heard.add((take.id, ticket))
        groups: dict[tuple[str, str], list[Missing]] = defaultdict(list)
        keys: dict[str, ProviderKey] = {}
        for each in due:
            if each.take.provider in ctx.providers.hosted:
                try:
                    key = await key_for(ctx, each.take)
                except ProviderError:
                    continue  # looked for again when the claim has passed
                keys[key.print] = key
                groups[each.take.provider, key.print].append(each)
        for (name, key_print), group in groups.items():
            await self._audit(ctx.providers.hosted[name], keys[key_print], group)

    async def _audit(
        self, provider: HostedProvider, key: ProviderKey, group: Sequence[Missing]
    ) -> None:
        ctx, asked_at = self.ctx, self.ctx.books.clock()
        takes = [each.take for each in group]
        try:
            first = min(each.ordered_at for each in group)
            listing = await listed_since(provider, [take.id for take in takes], first, key)
        except ProviderError as error:
            _LOG.warning("auditing.waits", extra=event(reason=str(error)))
            return
        worded = await sent_by(ctx, provider, key, takes)
        sent = [
            replace(each, ordered_at=missing.ordered_at)
            for each, missing in zip(worded, group, strict=True)
        ]
        proof = await prove(ctx, provider, key, sent, listing, asked_at)
        for each, its in zip(group, sent, strict=True):
            found = await self._settled(provider, each, its, proof)
            age = (asked_at - each.ordered_at).total_seconds()
            again = asked_at.timestamp() + max(provider.settles_s, age * _SLOWER)
            async with ctx.books.database.begin(small=True) as connection:
                gone = found or again > each.until
                await look_again(connection, each, None if gone else again)
        await accept_strays(ctx, provider, proof.strays)

    async def _settled(
        self, provider: HostedProvider, missing: Missing, sent: Sent, proof: Proof
    ) -> bool:
        """Tell what was found of an order; whether that is all there is to find."""
        ctx = self.ctx
        async with ctx.books.database.read() as connection:
            take = await ctx.books.takes.of_any_workspace(connection, missing.take.id)
        if take.status is TakeStatus.ORDERED:
            return False  # what the list shows may be the order whose answer is on its way
        ticket = proof.matches.certain.get(take.id)
        if ticket is not None:
            return await accept_evidence(ctx, provider, take, ticket)
        await self._wonder(provider, missing, sent, proof)
        return False

    async def _wonder(
        self, provider: HostedProvider, missing: Missing, sent: Sent, proof: Proof
    ) -> None:
        """Say, once, that a list shows or hides what makes an earlier belief doubtful."""
        ctx, take = self.ctx, missing.take
        latest = missing.ordered_at + timedelta(seconds=provider.settles_s) + SKEW
        nobodys = [
            each.ticket
            for each in proof.matches.nobodys
            if same_model(sent, each) and (each.created_at is None or each.created_at <= latest)
        ]
        tickets = sorted({*proof.matches.possible.get(take.id, ()), *nobodys})
        if not tickets and not proof.why_not:
            return
        said = {"take": take.id, "tickets": tickets[:10], "has": take.flight.ticket}
        said["reason"] = proof.why_not or "the provider lists orders that nobody here knows"
        async with ctx.books.database.begin(small=True) as connection:
            job = await ctx.progress.lock(connection, take.job)
            if await ctx.progress.noted(connection, take.job, "order_unclaimed", "take", take.id):
                return
            await ctx.progress.note(connection, job, Incident("order_unclaimed", said))
        where = {"provider": provider.name, "job": take.job}
        _LOG.error("take.order_unclaimed", extra=event(**where, **said))
