"""The rhythm of the loops that move hosted takes."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, Never

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event

_LOG = logging.getLogger("callsheet.orders")
ROUND_S: Final = 0.05  # what falls due within this time is claimed, or written, in one transaction
AWAY_S: Final = 1.0  # how soon to try again while the database is away


Mend = Callable[[], Awaitable[bool]]


async def keep_at(
    turn: Callable[[], Awaitable[bool]],
    wake: asyncio.Event,
    *,
    idle_s: float | None = None,
    mend: Mend | None = None,
) -> Never:
    """Take turns until cancelled: soon again after one that found something, else when woken.

    With `idle_s` also after so many seconds. A turn that fails for a reason nobody foresaw ends
    this, unless `mend` finds the one thing that was amiss and takes it out of the way.
    The first turn after a quiet time comes at once; under load each has what `ROUND_S` gathered.
    """
    while True:
        wake.clear()
        began = time.monotonic()
        try:
            busy = await _mended(turn, mend)
        except UnavailableError as problem:
            _LOG.warning("hosted.waits", extra=event(reason=str(problem)))
            await asyncio.sleep(AWAY_S)
            continue
        if not busy:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(idle_s):
                    await wake.wait()
        await asyncio.sleep(max(0.0, began + ROUND_S - time.monotonic()))


async def _mended(turn: Callable[[], Awaitable[bool]], mend: Mend | None) -> bool:
    try:
        return await turn()
    except UnavailableError:
        raise
    except Exception:
        if mend is None or not await mend():
            raise
        return True
