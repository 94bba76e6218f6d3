"""Webhooks: verified, kept as they came, and then nothing but a reason to look."""

from collections.abc import Mapping
from dataclasses import dataclass

from callsheet.kernel.errors import NotFoundError
from callsheet.kernel.ids import TakeId
from callsheet.line.house import House
from callsheet.orders.evidence import follow_up
from callsheet.orders.order_keys import key_for, signing_key_for
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

    house: House
    addresses: WebhookAddresses

    async def receive(
        self, provider: str, take: str, token: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Take one webhook in. Raises NotFoundError, ForgedWebhookError, ProviderError."""
        house = self.house
        if provider not in house.hosted:
            raise NotFoundError("provider", provider)
        try:
            if not self.addresses.fits(provider, take, token):
                raise ForgedWebhookError(provider, "its address was not given out by us")  # noqa: TRY301  # counted below like the others
            note = await self._opened(house.hosted[provider], TakeId(take), headers, body)
        except ForgedWebhookError:
            house.metrics.webhooks.labels(provider, "forged").inc()
            raise
        now = house.clock()
        async with house.database.begin(small=True) as connection:
            await house.in_flight.wake(connection, TakeId(take), now)
            new = await house.webhooks.keep(connection, provider, note, TakeId(take), body, now)
        house.metrics.webhooks.labels(provider, "new" if new else "seen before").inc()
        if not new:
            return
        house.wake_poller.set()
        await self._mind_doubts(TakeId(take), note.ticket)

    async def _opened(
        self, provider: HostedProvider, take_id: TakeId, headers: Mapping[str, str], body: bytes
    ) -> WebhookNote:
        house = self.house
        async with house.database.read() as connection:
            take = await house.takes.of_any_workspace(connection, take_id)
        card = house.catalog.card(take.model)
        payload = card.payload(card.inputs.model_validate(take.inputs))
        signing_key = await signing_key_for(house, take)
        call = WebhookCall(headers, body, house.clock(), payload, signing_key)
        return await provider.open_webhook(call, await key_for(house, take))

    async def _mind_doubts(self, take_id: TakeId, ticket: str) -> None:
        """Look into a webhook that tells of an order which its take does not know of.

        One that waits for its answer, or is asked about, needs no more than the webhook itself.
        """
        async with self.house.database.read() as connection:
            take = await self.house.takes.of_any_workspace(connection, take_id)
        if take.ticket != ticket and take.status not in (TakeStatus.ORDERED, TakeStatus.IN_DOUBT):
            await follow_up(self.house, take, ticket)
