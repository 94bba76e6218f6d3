"""Work that must come to its end even if whoever asked for it is cancelled."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def to_its_end(work: asyncio.Future[T], stop: Callable[[], object] | None = None) -> T:
    """Await `work`; if we are cancelled, `stop` it gently, wait until it has ended, then leave."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        if stop is not None:
            stop()
        while not work.done():
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError:
                continue  # asked to leave again, and leaving as fast as we can
        if not work.cancelled():
            work.exception()  # seen: we leave for another reason
        raise
