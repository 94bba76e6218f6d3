"""Webhooks: verified, kept as they came, and then nothing but a reason to look."""

from collections.abc import Mapping
from dataclasses import dataclass

from callsheet.kernel.errors import NotFoundError
from callsheet.kernel.ids import TakeId
from callsheet.orders.context import OrderContext
from callsheet.orders.evidence import follow_up
from callsheet.orders.terms import key_for, signing_key_for
from callsheet.ports.hosted import (
    ForgedWebhookError,
    HostedProvider,
    WebhookCall,
    WebhookNote,
)
from callsheet.takes.model import TakeStatus
from callsheet.takes.tokens import WebhookAddresses


@dataclass(frozen=True, slots=True)
class WebhookInbox:
    """Takes webhooks in. Duplicates and disorder change nothing: whoever follows asks anew."""

    ctx: OrderContext
    addresses: WebhookAddresses

    async def receive(
        self, provider: str, take: str, token: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Take one webhook in. Raises NotFoundError, ForgedWebhookError, ProviderError."""
        ctx = self.ctx
        if provider not in ctx.providers.hosted:
            raise NotFoundError("provider", provider)
        try:
            if not self.addresses.fits(provider, take, token):
                raise ForgedWebhookError(provider, "its address was not given out by us")  # noqa: TRY301  # counted below like the others
            note = await self._opened(ctx.providers.hosted[provider], TakeId(take), headers, body)
        except ForgedWebhookError:
            ctx.books.metrics.webhooks.labels(provider, "forged").inc()
            raise
        now = ctx.books.clock()
        async with ctx.books.database.begin(small=True) as connection:
            await ctx.books.in_flight.wake(connection, TakeId(take), now)
            new = await ctx.books.webhooks.keep(connection, provider, note, TakeId(take), body, now)
        ctx.books.metrics.webhooks.labels(provider, "new" if new else "seen before").inc()
        if not new:
            return
        ctx.runtime.wake_poller.set()
        await self._mind_doubts(TakeId(take), note.ticket)

    async def _opened(
        self, provider: HostedProvider, take_id: TakeId, headers: Mapping[str, str], body: bytes
    ) -> WebhookNote:
        ctx = self.ctx
        async with ctx.books.database.read() as connection:
            take = await ctx.books.takes.of_any_workspace(connection, take_id)
        card = ctx.providers.catalog.card(take.model)
        payload = card.payload(card.inputs.model_validate(take.inputs))
        signing_key = await signing_key_for(ctx, take)
        call = WebhookCall(headers, body, ctx.books.clock(), payload, signing_key)
        return await provider.open_webhook(call, await key_for(ctx, take))

    async def _mind_doubts(self, take_id: TakeId, ticket: str) -> None:
        """Look into a webhook that tells of an order which its take does not know of.

        One that waits for its answer, or is asked about, needs no more than the webhook itself.
        """
        async with self.ctx.books.database.read() as connection:
            take = await self.ctx.books.takes.of_any_workspace(connection, take_id)
        asked_about = take.status in (TakeStatus.ORDERED, TakeStatus.IN_DOUBT)
        if take.flight.ticket != ticket and not asked_about:
            await follow_up(self.ctx, take, ticket)
