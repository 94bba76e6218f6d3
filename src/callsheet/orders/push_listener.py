"""Listening: some providers say on an open line when an order has ended, and so it is looked at.

What is heard is a reason to look and nothing else, as a webhook is; whoever follows goes on asking
all the while, so that a line which breaks, or never stands, costs no more than time.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final, Never

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.orders.context import OrderContext
from callsheet.orders.loops import ROUND_S, keep_at
from callsheet.ports.engine import Loop
from callsheet.ports.following import AudibleProvider
from callsheet.ports.hosted import BusyError
from callsheet.takes.schedule import backoff_s

_LOG = logging.getLogger("callsheet.orders")
_AGAIN_S: Final = 0.25  # until what was heard is looked for again
_CHECK_S: Final = 60.0  # how often to see whether anything is out yet
_STEADY_S: Final = 60.0  # a line that held for so long was a good one
_KEPT_S: Final = 60.0  # how long a ticket may take to be written after its order has ended
_MOST_KEPT: Final = 10_000
_LONGEST_TICKET: Final = 200


class Listener:
    """Listens to every provider that can be heard, for as long as it runs.

    Any number of processes may: each hears of its own orders. It keeps a line open only while
    orders are out there.
    """

    def __init__(self, ctx: OrderContext) -> None:
        providers = ctx.providers.hosted.values()
        self._connections = [
            PushConnection(ctx, each) for each in providers if isinstance(each, AudibleProvider)
        ]

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this listens."""
        return {name: loop for each in self._connections for name, loop in each.loops().items()}


class PushConnection:
    """Listens to one provider."""

    def __init__(self, ctx: OrderContext, provider: AudibleProvider) -> None:
        self._ctx, self._provider = ctx, provider
        self._orders = ctx.runtime.wake_listener[provider.name]
        self._heard: dict[str, float] = {}  # tickets, and the time of the loop when they ended
        self._woken = asyncio.Event()
        self._missed = False  # something may have ended while nobody listened
        self._opened_at = 0.0
        self._failures = 0

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this listens."""
        name = self._provider.name
        return {f"listener-{name}": self._run, f"listener-{name}-wake": self._run_rounds}

    async def _run(self) -> Never:
        """Listen whenever orders of ours are out."""
        while True:
            await self._orders.wait()
            await self._listen()

    async def _run_rounds(self) -> Never:
        await keep_at(self.round, self._woken, idle_s=_AGAIN_S)

    async def _listen(self) -> None:
        """Listen until nothing is out any more, or once until the line breaks."""
        line: asyncio.Task[Never] | None = None
        try:
            while True:
                self._orders.clear()
                if not await self._is_out():
                    return
                line = line or asyncio.create_task(self._provider.listen(self._open, self._hear))
                await asyncio.wait({line}, timeout=_CHECK_S)
                if line.done():
                    await line
        except Exception as problem:  # noqa: BLE001  # takes are followed all the same
            self._orders.set()
            await self._rest(problem)
        finally:
            if line is not None:
                line.cancel()
                await asyncio.gather(line, return_exceptions=True)

    async def _is_out(self) -> bool:
        """Tell whether orders are out there; while the database is away, they may be."""
        try:
            async with self._ctx.books.database.read() as connection:
                return await self._ctx.books.in_flight.is_out(connection, self._provider.name)
        except UnavailableError:
            return True

    async def _rest(self, problem: Exception) -> None:
        """Wait before the line is opened again, and say why, once until it holds."""
        if asyncio.get_running_loop().time() - self._opened_at > _STEADY_S:
            self._failures = 0
        self._failures += 1
        name = self._provider.name
        if not isinstance(problem, BusyError):
            _LOG.error("listening.failed", exc_info=problem, extra=event(provider=name))
        elif self._failures == 1:
            _LOG.warning("listening.lost", extra=event(provider=name, reason=str(problem)))
        await asyncio.sleep(backoff_s(self._failures - 1))

    def _open(self) -> None:
        self._opened_at = asyncio.get_running_loop().time()
        self._missed = True
        self._woken.set()
        if self._failures <= 1:
            _LOG.info("listening.opened", extra=event(provider=self._provider.name))

    def _hear(self, ticket: str) -> None:
        if ticket in self._heard or len(ticket) > _LONGEST_TICKET:
            return
        self._ctx.books.metrics.heard.labels(self._provider.name).inc()
        self._note(ticket)
        self._woken.set()

    def _note(self, ticket: str) -> None:
        if len(self._heard) < _MOST_KEPT:
            self._heard.setdefault(ticket, asyncio.get_running_loop().time())

    async def round(self) -> bool:
        """Make due what was heard to have ended. Raises UnavailableError."""
        if self._missed:
            await self._hear_all()
        if not self._heard:
            return False
        await asyncio.sleep(ROUND_S)  # one end is told in several words; they count as one
        heard, self._heard = self._heard, {}
        dealt_with: set[str] = set()
        try:
            dealt_with = await self._wake(heard)
        finally:
            self._keep(heard, dealt_with)
        return False

    async def _hear_all(self) -> None:
        """Take it that whatever runs may have ended before the line stood."""
        async with self._ctx.books.database.read() as connection:
            running = await self._ctx.books.in_flight.tickets_running(
                connection, self._provider.name
            )
        self._missed = False
        for ticket in running:
            self._note(ticket)

    async def _wake(self, heard: dict[str, float]) -> set[str]:
        ctx, name = self._ctx, self._provider.name
        async with ctx.books.database.begin() as connection:
            found = await ctx.books.in_flight.wake_ended(
                connection, name, [*heard], ctx.books.clock()
            )
        if found:
            ctx.runtime.wake_poller.set()
        return found

    def _keep(self, heard: dict[str, float], dealt_with: set[str]) -> None:
        """Keep for the next round what no row was found for: its ticket may be on its way."""
        oldest = asyncio.get_running_loop().time() - _KEPT_S
        for ticket, at in heard.items():
            if ticket not in dealt_with and at > oldest:
                self._heard.setdefault(ticket, at)
