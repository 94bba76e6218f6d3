"""Adopting: one output, from where it lies into our store; how its take ends then."""

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from callsheet.assets.errors import OutputTooLargeError
from callsheet.assets.model import Asset
from callsheet.assets.service import HELD, Adopted
from callsheet.kernel.errors import CallsheetError, Failure, NextStep
from callsheet.kernel.logs import event
from callsheet.kernel.money import Money
from callsheet.orders.context import OrderContext
from callsheet.orders.inline_outputs import content_of, place_of
from callsheet.orders.memory_budget import MemoryBudget
from callsheet.orders.settlement import TakeEnding
from callsheet.orders.terms import Terms, key_for, terms_of
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.models import Makes, ProviderError
from callsheet.ports.pictures import UnreadablePictureError
from callsheet.takes.model import Outcome, Take

_LOG = logging.getLogger("callsheet.orders")
_MAX_BYTES: Final[Mapping[Makes, int]] = {
    "image": 512 * 1024**2,
    "video": 1024**3,
    "text": 1024**2,
    "audio": 64 * 1024**2,
}
_DOWNLOAD_S: Final[Mapping[Makes, float]] = {
    "image": 100.0,
    "video": 300.0,
    "text": 100.0,
    "audio": 100.0,
}
_PRICE_TOLERANCE: Final = 100  # a hundredth of the quote may be rounding


class OutputLostError(ProviderError):
    """It was made and paid for, but cannot be brought stored."""

    code = "output_lost"


async def adopt_output(ctx: OrderContext, take: Take, room: MemoryBudget) -> TakeEnding:
    """Fetch, examine and store one take's output; word its end. Doing it again changes nothing.

    It is streamed into the store; what of it is in memory has its part of the `room`.
    """
    terms = terms_of(ctx, take)
    url, *others = (take.flight.outputs or {}).get("urls") or (None,)
    if url is None:
        return lost(take, OutputLostError(take.provider, "it reports success without an output"))
    adopted = await _adopted(ctx, take, url, terms.makes, room)
    beside, said = await _adopted_beside(ctx, take, others, terms.makes, room)
    odd = (size_note(take, adopted.seen.size), adopted.seen.note, said)
    note = "; ".join(filter(None, odd)) or None
    outcome = Outcome(
        take.id,
        take.flight.epoch,
        asset=adopted.sha256,
        charged=_cost(take),
        note=note,
        further=tuple(dict.fromkeys(each.sha256 for each in beside)),
    )
    mind_price(terms, take, outcome.charged)
    assets = [_asset(ctx, take, each) for each in (adopted, *beside)]
    return TakeEnding(take, outcome, assets[0], tuple(assets[1:]))


def _asset(ctx: OrderContext, take: Take, adopted: Adopted) -> Asset:
    return Asset(
        sha256=adopted.sha256,
        workspace=take.workspace,
        size=adopted.size,
        created_at=ctx.books.clock(),
        made_from={"take": take.id, "model": take.model, "ticket": take.flight.ticket},
        **adopted.seen.facts,
    )


def size_note(take: Take, came: tuple[int, int] | None) -> str | None:
    """Say that what came has other pixels than were ordered."""
    ordered = (take.inputs.get("width"), take.inputs.get("height"))
    if came is None or None in ordered or ordered == came:
        return None
    return f"ordered {ordered[0]}x{ordered[1]}, came {came[0]}x{came[1]}"


async def _adopted(
    ctx: OrderContext, take: Take, url: str, makes: Makes, room: MemoryBudget
) -> Adopted:
    """Stream an output into our store. Raises OutputLostError where our store lost it."""
    origin, most = f"{take.workspace}/{take.provider}", _MAX_BYTES[makes]
    place = place_of(url)
    if place is not None:
        try:
            size = place.length or (await ctx.media.blobs.head(place.key)).size
            async with room.held(min(size, HELD)):
                kept_one = content_of(ctx, place)
                return await ctx.media.adopter.adopt_stream(kept_one, makes, origin, most)
        except BlobNotFoundError as error:
            raise OutputLostError(take.provider, f"our store lost it ({error})") from error
    key = await key_for(ctx, take)
    headers = ctx.providers.hosted[take.provider].download_headers(url, key)
    async with (
        ctx.providers.downloader.download(
            url,
            provider=take.provider,
            max_bytes=most,
            timeout_s=_DOWNLOAD_S[makes],
            headers=headers,
        ) as download,
        room.held(min(download.length or HELD, HELD)),
    ):
        return await ctx.media.adopter.adopt_stream(download.blocks, makes, origin, most)


async def _adopted_beside(
    ctx: OrderContext, take: Take, urls: Sequence[str], makes: Makes, room: MemoryBudget
) -> tuple[list[Adopted], str]:
    """Keep what else came within the answer; a fault of one of these is no fault of the take."""
    beside: list[Adopted] = []
    names: list[str] = []
    for url in urls:
        if place_of(url) is None:
            continue  # it lies at the provider, which was asked for one
        try:
            beside.append(await _adopted(ctx, take, url, makes, room))
            names.append(beside[-1].sha256)
        except (UnreadablePictureError, OutputTooLargeError, OutputLostError) as error:
            names.append(f"none ({error})")
    return beside, f"more came with it: {', '.join(names)}" if names else ""


def _cost(take: Take) -> Money:
    """Read what the provider said it cost; else what was quoted."""
    cost = (take.flight.outputs or {}).get("cost")
    return take.price if cost is None else Money(cost)


def mind_price(terms: Terms, take: Take, charged: Money) -> None:
    """Say so when a provider took another price than its card says; it is charged all the same.

    An estimate says no price: what was measured corrects it.
    """
    if terms.estimated:
        return
    off = charged.micros - take.price.micros
    if terms.price_is_most:
        off = max(off, 0)
    if abs(off) * _PRICE_TOLERANCE > take.price.micros:
        said = {"take": take.id, "model": take.model, "quoted": str(take.price)}
        _LOG.warning("take.price_differs", extra=event(**said, charged=str(charged)))


def lost(take: Take, error: CallsheetError) -> TakeEnding:
    """Word the end of a take whose output is given up: it was paid for."""
    error_json = Failure.of(error, NextStep.STOP).to_json()
    return TakeEnding(
        take, Outcome(take.id, take.flight.epoch, error=error_json, charged=_cost(take))
    )
