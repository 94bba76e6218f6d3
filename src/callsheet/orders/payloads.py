"""From a take to the order that a provider gets, and back to what it must have sent."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from callsheet.assets.model import asset_key
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.kernel.errors import InvalidInputError, shown
from callsheet.orders.context import OrderContext
from callsheet.orders.matching import Sent
from callsheet.orders.terms import call_address
from callsheet.ports.hosted import HostedOrder, HostedProvider, ReferencesBy, filled
from callsheet.ports.keys import ProviderKey
from callsheet.ports.models import (
    Payload,
    RefusedError,
    UnknownModelError,
    UnusableCardError,
)
from callsheet.takes.model import Take


@dataclass(frozen=True, slots=True)
class PreparedOrder:
    """An order ready to be sent, and the digest of how it was worded, but for its references."""

    take: Take
    order: HostedOrder
    digest: Sha256


@dataclass(frozen=True, slots=True)
class PayloadBuilder:
    """Words orders. A reference goes to a provider once, whoever needs it."""

    ctx: OrderContext
    _uploading: dict[tuple[str, str], asyncio.Task[str]] = field(default_factory=dict)

    async def word(self, provider: HostedProvider, take: Take, key: ProviderKey) -> PreparedOrder:
        """Word a take's order. Raises ProviderError, UnavailableError."""
        card = self.ctx.providers.catalog.card(take.model)
        try:
            inputs = card.inputs.model_validate(take.inputs)
            blank = card.payload(inputs)
        except (ValidationError, InvalidInputError) as error:  # the card changed since the quote
            raise RefusedError(provider.name, f"it cannot be worded: {shown(error)}") from error
        addresses = [
            await self._address(provider, key, Sha256(each["sha256"]), Sha256(each["working"]))
            for each in take.inputs.get("references", ())
        ]
        payload = filled(blank, addresses)
        order = HostedOrder(
            take=take.id,
            key=key,
            payload=payload,
            webhook_url=call_address(self.ctx, provider, take.id),
            expected_s=card.expected_s,
            time_limit_s=card.time_limit_s,
            price=None if card.estimated else take.price,
        )
        return PreparedOrder(take, order, digest_of(blank))

    async def _address(
        self, provider: HostedProvider, key: ProviderKey, sha256: Sha256, working: Sha256
    ) -> str:
        """Say where the provider finds a reference, in the way in which it wants to be told."""
        match provider.references:
            case ReferencesBy.INLINE:
                content = await self.ctx.media.blobs.get(asset_key(working))
                return f"data:image/png;base64,{base64.b64encode(content).decode()}"
            case ReferencesBy.LINK:
                return self._link(provider, working)
            case ReferencesBy.UPLOAD:
                place = (f"{provider.name}/{key.print}", working)
                if place not in self._uploading:
                    name = f"{sha256[:16]}.png"
                    task = asyncio.create_task(self._upload(provider, key, working, name))
                    self._uploading[place] = task
                    task.add_done_callback(lambda _: self._uploading.pop(place, None))
                return await asyncio.shield(self._uploading[place])

    def _link(self, provider: HostedProvider, working: Sha256) -> str:
        link = self.ctx.providers.public_link(working)
        if link is None:
            said = (
                "it fetches references from us; set CALLSHEET_PUBLIC_URL to an address it reaches"
            )
            raise RefusedError(provider.name, said)
        return link

    async def _upload(
        self, provider: HostedProvider, key: ProviderKey, working: Sha256, name: str
    ) -> str:
        ctx, account = self.ctx, f"{provider.name}/{key.print}"
        async with ctx.books.database.read() as connection:
            known = await ctx.books.uploads.find(connection, account, working, ctx.books.clock())
        if known:
            return known
        content = await ctx.media.blobs.get(asset_key(working))
        uploaded = await provider.upload(content, "image/png", name, key)
        async with ctx.books.database.begin() as connection:
            await ctx.books.uploads.add(connection, account, working, uploaded)
        return uploaded.url


async def sent_by(
    ctx: OrderContext, provider: HostedProvider, key: ProviderKey, takes: Sequence[Take]
) -> list[Sent]:
    """Say what takes sent with a key, as far as it can be worded again."""
    pictures = {each["working"] for take in takes for each in _references(take)}
    async with ctx.books.database.read() as connection:
        account = f"{provider.name}/{key.print}"
        known = await ctx.books.uploads.places(connection, account, pictures) if pictures else {}
    if provider.references is ReferencesBy.LINK:
        known = {picture: ctx.providers.public_link(Sha256(picture)) or "" for picture in pictures}
    return [
        Sent(
            take.id,
            take.times.ordered_at or take.times.created_at,
            _worded_again(ctx, take),
            str(take.inputs.get("prompt") or ""),
            take.digests.inputs,
            [known.get(each["working"]) or None for each in _references(take)],
        )
        for take in takes
    ]


def _references(take: Take) -> Sequence[Mapping[str, Any]]:
    return take.inputs.get("references") or ()


def _worded_again(ctx: OrderContext, take: Take) -> Payload | None:
    """Word a take's order as it was sent; None if its card has changed since, or is gone."""
    try:
        card = ctx.providers.catalog.card(take.model)
        payload = card.payload(card.inputs.model_validate(take.inputs))
    except (ValidationError, InvalidInputError, UnknownModelError, UnusableCardError):
        return None
    return payload if digest_of(payload) == take.flight.order_digest else None
