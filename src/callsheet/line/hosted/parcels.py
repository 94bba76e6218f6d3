"""Parcels: outputs that came within a provider's answer, kept before anything else is done.

There is no address from which they could be fetched again: what is lost here was paid for.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.line.house import House
from callsheet.ports.hosted import Made
from callsheet.takes.model import ENDED, Take
from callsheet.takes.schedule import backoff_s

PREFIX: Final = "deliveries/"
_SCHEME: Final = "parcel:"
_LOG = logging.getLogger("callsheet.hosted")


async def kept(house: House, take: TakeId, made: Made) -> Made:
    """Put what came within an answer into our store, however long that takes; say where it is."""
    if not made.inline:
        return made
    urls = list(made.urls)
    for number, parcel in enumerate(made.inline):
        key = f"{PREFIX}{take}/{number}"
        tries = 0
        while True:
            try:
                await house.blobs.put(key, parcel.content, parcel.media_type)
                break
            except UnavailableError as problem:
                _LOG.warning("take.parcel_waits", extra=event(take=take, reason=str(problem)))
                await asyncio.sleep(backoff_s(tries))
                tries += 1
        urls.append(f"{_SCHEME}{key}")
    return replace(made, urls=tuple(urls), inline=())


async def drop_parcels(house: House, takes: Sequence[Take]) -> None:
    """Remove what was adopted; what cannot be removed now is swept later."""
    urls = [url for take in takes for url in (take.outputs or {}).get("urls", ())]
    for key in filter(None, map(key_of_parcel, urls)):
        with contextlib.suppress(UnavailableError):
            await house.blobs.delete(key)


async def sweep_parcels(house: House, older_than: datetime) -> int:
    """Remove parcels that nobody needs: their takes ended long ago. Answers how many."""
    old = [info.key async for info in house.blobs.list(PREFIX) if info.modified_at < older_than]
    removed = 0
    for key in old:
        async with house.database.read() as connection:
            found = await house.takes.statuses(connection, [TakeId(key.split("/")[1])])
        if all(status in ENDED for status in found.values()):
            await house.blobs.delete(key)
            removed += 1
    return removed


def key_of_parcel(url: str) -> str | None:
    """Read where a parcel lies in our store; None for an address elsewhere."""
    return url.removeprefix(_SCHEME) if url.startswith(_SCHEME) else None
