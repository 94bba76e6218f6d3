"""What a provider does that lacks a thing: no stopping, no listing, no webhooks, no uploads."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from callsheet.kernel.ids import TakeId
from callsheet.ports.hosted import (
    BusyError,
    ForgedWebhookError,
    Listing,
    Pace,
    Recourse,
    ReferencesBy,
    Standing,
    TicketUnknownError,
    ToldPrice,
    Uploaded,
    WebhookCall,
    WebhookNote,
)
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import Payload


class HostedDefaults:
    """Implements what of ports.hosted.HostedProvider a provider does not offer.

    An adapter takes what it needs from here and says the rest itself.
    """

    name: ClassVar[str]
    base_url: ClassVar[str]
    key_setting: ClassVar[str]
    signs_by_key: ClassVar[bool] = False
    recourse: ClassVar[Recourse] = Recourse.PERSON
    PACE: ClassVar[Pace] = Pace()  # as published
    SETTLES_S: ClassVar[float] = 60.0
    pace: Pace
    settles_s: float
    lists_for_s: float = 0.0
    webhook_within_s: float = 0.0
    answers_hold_outputs: ClassVar[bool] = False
    signs_webhooks: ClassVar[bool] = False  # whole, so that a forged one is refused
    references: ClassVar[ReferencesBy] = ReferencesBy.UPLOAD
    tells_prices: ClassVar[bool] = False  # without an order

    async def poll(self, ticket: str, key: ProviderKey) -> Standing:
        """Answer that there is nothing to ask: the order's answer was all there is."""
        raise TicketUnknownError(self.name, "it answers an order at once, and never again")

    def priced_as(self, payload: Payload) -> str:
        """Name the model as the order does, where it names one so."""
        return str(payload.get("model", ""))

    async def told_prices(self, models: Sequence[str], key: ProviderKey) -> Mapping[str, ToldPrice]:
        """Tell no prices: it has no list that programs may read."""
        return {}

    async def cancel(self, ticket: str, key: ProviderKey) -> None:
        """Let it go on: an order cannot be stopped there."""

    async def listed(
        self,
        since: datetime,
        takes: Sequence[TakeId],
        key: ProviderKey,
    ) -> Listing:
        """List nothing: it keeps no list that we may read."""
        return Listing()

    async def upload(
        self,
        content: bytes,
        media_type: str,
        name: str,
        key: ProviderKey,
    ) -> Uploaded:
        """Refuse: references travel within the order."""
        raise BusyError(self.name, "it takes no uploads; references travel within the order")

    async def open_webhook(self, call: WebhookCall, key: ProviderKey) -> WebhookNote:
        """Refuse: it sends no webhooks."""
        raise ForgedWebhookError(self.name, "it sends no webhooks")

    def download_headers(self, url: str, key: ProviderKey) -> Mapping[str, str]:
        """Show nothing: outputs lie open at an address that nobody can guess."""
        return {}
