"""From a take to the order that a provider gets: references uploaded, payload filled."""

import asyncio
from dataclasses import dataclass, field

from callsheet.assets.model import asset_key
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.line.house import House
from callsheet.ports.hosted import HostedOrder, HostedProvider, filled
from callsheet.takes.model import Take


@dataclass(frozen=True, slots=True)
class Worded:
    """An order ready to be sent, and the digest by which it is known again in a listing."""

    take: Take
    order: HostedOrder
    digest: Sha256


@dataclass(frozen=True, slots=True)
class Wording:
    """Words orders. A reference goes to a provider once, whoever needs it."""

    house: House
    _uploading: dict[tuple[str, str], asyncio.Task[str]] = field(default_factory=dict)

    async def word(self, provider: HostedProvider, take: Take) -> Worded:
        """Word a take's order. Raises ProviderError, UnavailableError."""
        card = self.house.catalog.card(take.model)
        inputs = card.inputs.model_validate(take.inputs)
        addresses = [
            await self._address(provider, Sha256(each["sha256"]), Sha256(each["working"]))
            for each in take.inputs.get("references", ())
        ]
        payload = filled(card.payload(inputs), addresses)
        order = HostedOrder(
            take=take.id,
            payload=payload,
            webhook_url=self.house.webhook_address(provider.name, take.id),
            expected_s=card.expected_s,
            time_limit_s=card.time_limit_s,
        )
        return Worded(take, order, digest_of(payload))

    async def _address(self, provider: HostedProvider, sha256: Sha256, working: Sha256) -> str:
        key = (provider.name, working)
        if key not in self._uploading:
            task = asyncio.create_task(self._upload(provider, working, f"{sha256[:16]}.png"))
            self._uploading[key] = task
            task.add_done_callback(lambda _: self._uploading.pop(key, None))
        return await asyncio.shield(self._uploading[key])

    async def _upload(self, provider: HostedProvider, working: Sha256, name: str) -> str:
        house = self.house
        async with house.database.read() as connection:
            known = await house.uploads.find(connection, provider.name, working, house.clock())
        if known:
            return known
        content = await house.blobs.get(asset_key(working))
        uploaded = await provider.upload(content, "image/png", name)
        async with house.database.begin() as connection:
            await house.uploads.add(connection, provider.name, working, uploaded)
        return uploaded.url
