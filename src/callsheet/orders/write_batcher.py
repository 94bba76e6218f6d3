"""Writing results down together: while one transaction runs, the next ones gather."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event

_LOG = logging.getLogger("callsheet.orders")
_MOST: Final = 200
_UNHURRIED_S: Final = 0.5  # for how long results gather that nobody waits for
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 5.0

T = TypeVar("T")


class WriteBatcher(Generic[T]):
    """Hands results to `write` in groups, in order, and keeps each until it is written.

    What comes within `gather_s` seconds of the last transaction, or while it runs, goes into the
    next one; after a quiet time a result is written at once, and one that nobody waits for within
    half a second. While the database is away it waits: a ticket that a provider gave must not be
    dropped. A group that fails for another reason is written one by one, so that a bad result harms
    no other; the bad one is reported, and its take falls due again as if its worker had died.
    """

    def __init__(
        self, write: Callable[[list[T]], Awaitable[None]], *, gather_s: float = 0.0
    ) -> None:
        self._write, self._gather_s = write, gather_s
        self._queue: asyncio.Queue[T] = asyncio.Queue()
        self._hurry = asyncio.Event()

    def add(self, result: T, *, hurry: bool = True) -> None:
        """Take a result; it is written soon."""
        self._queue.put_nowait(result)
        if hurry:
            self._hurry.set()

    async def drain(self) -> None:
        """Wait until all is written."""
        self._hurry.set()
        await self._queue.join()

    async def run(self) -> None:
        """Write until cancelled."""
        written = 0.0
        while True:
            group = [await self._queue.get()]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_UNHURRIED_S):
                    await self._hurry.wait()
            self._hurry.clear()
            await asyncio.sleep(max(0.0, written + self._gather_s - time.monotonic()))
            while len(group) < _MOST and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._write_out(group)
                written = time.monotonic()
            finally:
                for _ in group:
                    self._queue.task_done()

    async def _write_out(self, group: list[T]) -> None:
        try:
            await self._patiently(group)
        except Exception:  # noqa: BLE001  # one result must not harm the others
            if len(group) == 1:
                _LOG.exception("take.write_failed", extra=event(result=repr(group[0])[:500]))
                return
            for result in group:
                await self._write_out([result])

    async def _patiently(self, group: list[T]) -> None:
        wait = _FIRST_WAIT_S
        while True:
            try:
                return await self._write(group)
            except UnavailableError as problem:
                _LOG.warning("take.write_waits", extra=event(reason=str(problem), n=len(group)))
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT_S)
