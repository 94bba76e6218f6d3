"""What a provider's list proves: whose its orders are, and whether an absence means anything.

A list is believed to show no order only if it shows all that it must: every page, every entry in a
form that can be read, and the orders that we know of from that time. What it shows besides, and
nobody has, must be ruled out before a take is ordered again.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from callsheet.kernel.ids import TakeId
from callsheet.orders.context import OrderContext
from callsheet.orders.matching import SKEW, Matches, Sent, matched
from callsheet.orders.payloads import sent_by
from callsheet.orders.terms import key_for, take_called_about
from callsheet.ports.hosted import HostedProvider, Listing, Recourse
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import ProviderError
from callsheet.takes.missing import afoot, second_tickets, witnesses
from callsheet.takes.model import Take

# By how much less than SKEW clocks may differ for a list to show an order that we know of.
_EARLIER: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Proof:
    """What a list proves about some takes.

    `why_not` says what keeps their absence from meaning anything; `strays` are orders that carry
    the id of another take, by take.
    """

    matches: Matches
    strays: Mapping[TakeId, str] = field(default_factory=dict)
    why_not: str = ""

    def doubt_about(self, take: TakeId) -> str:
        """Say why a take that is not matched may be ordered all the same; empty if it is not."""
        if take in self.matches.possible:
            told = ", ".join(sorted(self.matches.possible[take])[:3])
            return f"its list shows an order that may be this one ({told})"
        return self.why_not


async def listed_since(
    provider: HostedProvider, takes: Sequence[TakeId], first: datetime, key: ProviderKey
) -> Listing:
    """Read a provider's list from well before a time of ours; raises as `provider.listed`."""
    listing = await provider.listed(first - SKEW, takes, key)
    orders = tuple(
        each if each.take else replace(each, take=take_called_about(provider, each.calls))
        for each in listing.orders
    )
    return replace(listing, orders=orders)


async def prove(
    ctx: OrderContext,
    provider: HostedProvider,
    key: ProviderKey,
    takes: Sequence[Sent],
    listing: Listing,
    asked_at: datetime,
) -> Proof:
    """Weigh what was listed at a time against what takes sent. Raises UnavailableError.

    What is known of other orders is read after the list was: an order in it whose ticket came
    meanwhile is known.
    """
    first = min(each.ordered_at for each in takes)
    ids = {each.take for each in takes}
    async with ctx.books.database.read() as connection:
        known = await ctx.books.in_flight.known_tickets(
            connection, provider.name, [each.ticket for each in listing.orders]
        )
        known |= await second_tickets(connection, provider.name)
        others = await afoot(connection, provider.name, first - SKEW, ids)
    unowned = [each for each in listing.orders if each.ticket not in known]
    under_way = await sent_by(ctx, provider, key, others)
    matches = await asyncio.to_thread(matched, takes, unowned, under_way)
    strays = {each.take: each.ticket for each in unowned if each.take and each.take not in ids}
    if provider.recourse is not Recourse.LISTING:
        return Proof(matches, strays)
    since, until = first - _EARLIER, asked_at - timedelta(seconds=provider.settles_s)
    if not listing.orders:  # its first page must show the newest of ours, or will in a moment
        reach = timedelta(seconds=provider.lists_for_s) - SKEW
        since, until = min(since, asked_at - reach), asked_at
    ours = await _known(ctx, provider, key, since, until)
    return Proof(matches, strays, _why_not(listing, ours))


def _why_not(listing: Listing, ours: Sequence[Take]) -> str:
    """Say what is wrong with a list that must show orders of ours; empty if nothing is."""
    if not listing.complete:
        return "its list could not be read to the end"
    if listing.unreadable:
        return f"its list holds {listing.unreadable} entries that cannot be read"
    shown = {each.ticket: each.created_at for each in listing.orders}
    for take in ours:
        if take.flight.ticket not in shown:
            return f"its list does not show orders that it took, such as {take.flight.ticket}"
        at = shown[take.flight.ticket]
        if at is None or abs(at - (take.times.ordered_at or at)) > SKEW - _EARLIER:
            return f"its clock or ours is off: it dates order {take.flight.ticket} at {at}"
    return ""


async def _known(
    ctx: OrderContext, provider: HostedProvider, key: ProviderKey, since: datetime, until: datetime
) -> list[Take]:
    """List takes ordered in that time with a key, whose orders its list must show."""
    async with ctx.books.database.read() as connection:
        found = await witnesses(connection, provider.name, since, until)
    return [take for take in found if await _sent_with(ctx, take, key)]


async def _sent_with(ctx: OrderContext, take: Take, key: ProviderKey) -> bool:
    """Tell whether a take is asked about with a key, and so shown in its account's list."""
    try:
        return (await key_for(ctx, take)).print == key.print
    except ProviderError:
        return False
