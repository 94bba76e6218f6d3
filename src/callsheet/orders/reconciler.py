"""Reconciling: what became of orders whose answer was lost.

The provider's own list decides. An order in it with what we sent, and with an id that no take has,
is ours. Only once every order that could still arrive has arrived, and the list reaches back beyond
the moment of sending, and shows all that it must and nothing that nobody knows, does absence prove
that nothing was ordered; then the take waits to be ordered again. What cannot be proved waits for a
person, with its money held.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import JobId, TakeId
from callsheet.kernel.logs import event
from callsheet.orders.context import LOG, OrderContext
from callsheet.orders.evidence import accept_evidence, accept_strays
from callsheet.orders.kept_answers import adopt_kept
from callsheet.orders.payloads import sent_by
from callsheet.orders.progress import LockedJob, Moves
from callsheet.orders.proof import Proof, listed_since, prove
from callsheet.orders.settlement import cancelled, end, failure
from callsheet.orders.terms import call_address, key_for
from callsheet.ports.hosted import BusyError, HostedProvider, TicketUnknownError
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError
from callsheet.takes.missing import remember
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.moving import TakeUpdate
from callsheet.takes.schedule import MAX_TRIES, backoff_s

_LONGEST_S: Final = 15.0  # between two tries to read the list: money is set aside meanwhile
# For how many times as long as orders settle a list that proves nothing is read again.
_PATIENCE: Final = 10


async def reconcile(ctx: OrderContext, provider: HostedProvider, takes: Sequence[Take]) -> None:
    """Find out about takes that were claimed while an order may have been out for them."""
    await _doubt(ctx, [take for take in takes if take.status is TakeStatus.ORDERED])
    async with ctx.books.database.begin(small=True) as connection:
        hand = await ctx.books.in_flight.in_hand(connection, takes)
        current = [take for take in hand.values() if take.status is TakeStatus.IN_DOUBT]
    current = await adopt_kept(ctx, provider, current)  # our own store before anybody else
    async with ctx.books.database.read() as connection:
        posted = {
            take.id: await ctx.books.webhooks.tickets_of(connection, provider.name, take.id)
            for take in current
        }
    by_key: dict[str, list[Take]] = defaultdict(list)
    keys: dict[str, ProviderKey] = {}
    for take in current:
        try:
            key = await key_for(ctx, take)
        except ProviderError as error:
            await _ask_again(ctx, [take], error)
            continue
        by_key[key.print].append(take)
        keys[key.print] = key
    for key_print, group in by_key.items():
        await _reconcile_with(ctx, provider, keys[key_print], group, posted)


async def _reconcile_with(
    ctx: OrderContext,
    provider: HostedProvider,
    key: ProviderKey,
    current: Sequence[Take],
    posted: Mapping[TakeId, Collection[str]],
) -> None:
    """Find out about takes in doubt that were ordered with one key."""
    ages = {take.id: _age(ctx, take) for take in current}  # as of before the list is asked for
    try:
        left = [
            take
            for take in current
            if not await _by_post(ctx, provider, key, take, posted[take.id])
        ]
        if not left:
            return
        now = ctx.books.clock()
        first = min(now, *(take.times.ordered_at or take.times.created_at for take in left))
        listing = await listed_since(provider, [take.id for take in left], first, key)
    except ProviderError as error:
        await _ask_again(ctx, current, error)
        return
    async with ctx.books.database.read() as connection:
        # the list may have taken long: what is not in hand any more is looked for by somebody else
        hand = await ctx.books.in_flight.in_hand(connection, left)
    left = [take for take in left if take.id in hand]
    if not left:
        return
    sent = await sent_by(ctx, provider, key, left)
    proof = await prove(ctx, provider, key, sent, listing, now)
    for take in left:
        if take.id in proof.matches.certain:
            await accept_evidence(ctx, provider, take, proof.matches.certain[take.id])
    unmatched = [take for take in left if take.id not in proof.matches.certain]
    await _decide(ctx, provider, unmatched, proof, ages)
    await accept_strays(ctx, provider, proof.strays)


async def _ask_again(ctx: OrderContext, takes: Sequence[Take], error: ProviderError) -> None:
    LOG.warning("take.doubt_lasts", extra=event(provider=error.provider, reason=str(error)))
    await _later(ctx, [(take, min(backoff_s(take.flight.looks), _LONGEST_S)) for take in takes])


async def _by_post(
    ctx: OrderContext,
    provider: HostedProvider,
    key: ProviderKey,
    take: Take,
    tickets: Collection[str],
) -> bool:
    """Find a take's order among those that webhooks told of; the provider must know it, too."""
    for ticket in sorted(tickets):
        try:
            await provider.poll(ticket, key)
        except TicketUnknownError:
            LOG.warning("take.stranger_told", extra=event(take=take.id, ticket=ticket))
            continue
        if await accept_evidence(ctx, provider, take, ticket):
            return True
    return False


async def _doubt(ctx: OrderContext, takes: Sequence[Take]) -> None:
    """Say of ordered takes that nobody knows what became of their orders."""
    by_job: dict[JobId, list[Take]] = defaultdict(list)
    for take in takes:
        by_job[take.job].append(take)
    for job_id, group in sorted(by_job.items()):
        async with ctx.books.database.begin() as connection:
            job = await ctx.progress.lock(connection, job_id)
            into = Moves()
            hand = await ctx.books.in_flight.in_hand(connection, group)
            ordered = [take for take in hand.values() if take.status is TakeStatus.ORDERED]
            await ctx.books.in_flight.doubt(connection, ordered)
            for take in ordered:
                into.add(take, TakeStatus.IN_DOUBT)
            await ctx.progress.report(connection, job, into)


@dataclass(frozen=True, slots=True)
class _Age:
    """How old an order is, in seconds: by the clock, and for certain."""

    told_s: float
    sure_s: float


def _age(ctx: OrderContext, take: Take) -> _Age:
    ordered_at = take.times.ordered_at or take.times.created_at
    told = (ctx.books.clock() - ordered_at).total_seconds()
    return _Age(told, ctx.books.passed_s(ordered_at))


async def _decide(
    ctx: OrderContext,
    provider: HostedProvider,
    takes: Sequence[Take],
    proof: Proof,
    ages: Mapping[TakeId, _Age],
) -> None:
    """Decide about takes that the list does not show for certain.

    An order is as old as has passed for certain: the clock may have been set forward since. One
    that was made in the future, because it was set back, cannot be looked for in a list: nobody
    knows where it would stand.
    """
    never, person, later = [], [], []
    for take in takes:
        age, why = ages[take.id], proof.doubt_about(take.id)
        called = call_address(ctx, provider, take.id) is not None
        heard_for_s = provider.webhook_within_s if called and not provider.lists_for_s else 0.0
        read_for_s = min(provider.lists_for_s, _PATIENCE * provider.settles_s)
        if age.sure_s <= provider.settles_s:
            wait_s = provider.settles_s - age.sure_s + 0.1
            later.append((take, min(wait_s, backoff_s(take.flight.looks + 1))))
        elif age.told_s < 0:
            person.append((take, why or "by the clock it was sent in the future"))
        elif age.told_s <= provider.lists_for_s and not why:
            never.append(take)
        elif age.told_s <= max(heard_for_s, read_for_s):
            later.append((take, min(backoff_s(take.flight.looks + 1), _LONGEST_S)))
        else:
            person.append((take, why))
    await _later(ctx, later)
    for take in never:
        await put_back(ctx, take)
    for take, why in person:
        await ask_person(ctx, take, why)


async def _later(ctx: OrderContext, takes: Sequence[tuple[Take, float]]) -> None:
    now = ctx.books.clock().timestamp()
    async with ctx.books.database.begin() as connection:
        looks = [(take.looked_at(), now + wait) for take, wait in takes]
        await ctx.books.in_flight.look_later(connection, looks)


async def put_back(ctx: OrderContext, take: Take) -> None:
    """Let a take of which nothing was ordered wait to be ordered again; its hold stays.

    Nothing happens to one that was claimed, or ordered again, since it was read: what was learnt
    is of the past.
    """
    async with ctx.books.database.begin() as connection:
        job = await ctx.progress.lock(connection, take.job)
        current = await _still_in_doubt(ctx, connection, take)
        if current is None:
            return
        into = Moves()
        await not_ordered(ctx, connection, job, current, into)
        await ctx.progress.report(connection, job, into)
    LOG.info("take.never_ordered", extra=event(take=take.id, job=take.job))
    ctx.runtime.wake_submitter.set()


async def _still_in_doubt(
    ctx: OrderContext, connection: AsyncConnection, take: Take
) -> Take | None:
    """Read a claimed take, if it is in doubt about the same order, without a ticket, and ours."""
    hand = await ctx.books.in_flight.in_hand(connection, [take])
    current = hand.get(take.id)
    if (
        current is None
        or current.status is not TakeStatus.IN_DOUBT
        or current.flight.ticket is not None
    ):
        return None
    return current


async def not_ordered(
    ctx: OrderContext, connection: AsyncConnection, job: LockedJob, take: Take, into: Moves
) -> None:
    """Order a take of a locked job again, since it never was; end it if nobody wants it now.

    A provider that loses every order is given up after as many as one that is always busy. The
    order is remembered for as long as the provider's list could show it after all.
    """
    now, provider = ctx.books.clock().timestamp(), ctx.providers.hosted[take.provider]
    if provider.lists_for_s:
        await remember(connection, take, now + provider.settles_s, now + provider.lists_for_s)
    if job.cancelled:
        await end(ctx, connection, job, [cancelled(take)], into)
        return
    tries = take.flight.tries + 1
    if tries >= MAX_TRIES:
        error = BusyError(take.provider, f"{tries} orders got no answer and never arrived")
        await end(ctx, connection, job, [failure(take, error)], into)
        return
    fresh = TakeUpdate(
        error=None,
        ticket=None,
        ordered_at=None,
        due_at=now,
        looks=0,
        tries=tries,
    )
    if await ctx.books.in_flight.move(connection, take, TakeStatus.HELD, fresh):
        into.add(take, TakeStatus.HELD)


async def ask_person(ctx: OrderContext, take: Take, why: str = "") -> None:
    """Leave a take in doubt to a person: nothing happens to it, or its money, by itself."""
    because = f" ({why})" if why else ""
    said = {
        "code": "in_doubt",
        "message": f"{take.provider} cannot tell whether it was ordered{because}; look there for an"
        f" order made at {take.times.ordered_at}, then decide with:"
        f" callsheet takes reconcile {take.id} --spent or --never-ordered",
        "next_step": "reconcile",
    }
    async with ctx.books.database.begin() as connection:
        job = await ctx.progress.lock(connection, take.job)
        current = await _still_in_doubt(ctx, connection, take)
        if current is None:
            return
        into = Moves()
        update = TakeUpdate(error=said, due_at=None)
        if await ctx.books.in_flight.move(connection, current, current.status, update):
            into.add(current, current.status)
        await ctx.progress.report(connection, job, into)
    LOG.error("take.needs_person", extra=event(take=take.id, job=take.job, reason=why))
