"""The loops that move hosted takes: their rhythm, what is due, claims kept, damage passed by."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Never

from callsheet.kernel.errors import CallsheetError, UnavailableError
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.orders.context import OrderContext
from callsheet.ports.engine import Loop
from callsheet.takes.model import Take
from callsheet.takes.schedule import backoff_s
from callsheet.takes.unreadable import find_unreadable, put_off

ROUND_S: Final = 0.05  # what falls due within this time is claimed, or written, in one transaction
AWAY_S: Final = 1.0  # how soon to try again while the database is away
Mend = Callable[[], Awaitable[bool]]
_SHARE: Final = 3  # a claim is renewed so many times before it would run out
LOOKS: Final = 5  # before a person is asked
_RARELY_S: Final = 300.0  # how often it is looked at after that: somebody may have mended it
_LOOK_S: Final = 0.25


_LOG = logging.getLogger("callsheet.orders")


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


@dataclass(frozen=True, slots=True)
class ClaimKeeper:
    """Renews the claims of takes that are being worked on, each for `for_s` seconds.

    A list may take minutes to read. Whoever began to read it must not find that others have begun
    as well, or have ordered again what it is about to judge.

    It also lets be due what cannot be so far ahead: the clock was set back since that was written.
    """

    ctx: OrderContext
    for_s: float
    _takes: dict[TakeId, Take] = field(default_factory=dict)

    def add(self, takes: Iterable[Take]) -> None:
        """Keep claims from now on."""
        self._takes.update({take.id: take for take in takes})

    def drop(self, takes: Iterable[Take]) -> None:
        """Let claims run out; not one that was taken anew meanwhile."""
        for take in takes:
            if self._takes.get(take.id) is take:
                del self._takes[take.id]

    async def run(self) -> Never:
        """Keep what there is until cancelled."""
        while True:
            try:
                await self.turn()
            except UnavailableError as problem:
                _LOG.warning("claims.wait", extra=event(reason=str(problem)))
            await asyncio.sleep(self.for_s / _SHARE)

    async def turn(self) -> None:
        """Renew all claims once. Raises UnavailableError."""
        ctx, takes = self.ctx, list(self._takes.values())
        now = ctx.books.clock()
        async with ctx.books.database.read() as connection:
            ahead = await ctx.books.in_flight.due_too_far_ahead(connection, now)
        if not takes and not ahead:
            return
        async with ctx.books.database.begin(small=True) as connection:
            await ctx.books.in_flight.renew(connection, takes, now.timestamp() + self.for_s)
            brought = await ctx.books.in_flight.bring_forward(connection, now) if ahead else 0
        if brought:
            _LOG.warning("takes.brought_forward", extra=event(takes=brought))
            for wake in (
                ctx.runtime.wake_submitter,
                ctx.runtime.wake_poller,
                ctx.runtime.wake_downloader,
            ):
                wake.set()


class TakeUnreadableError(CallsheetError):
    """The row of a take in the database is damaged; it is looked at again every five minutes."""

    code: ClassVar[str] = "take_unreadable"

    def __init__(self, take: TakeId) -> None:
        super().__init__(
            f"the row of take {take} in the database is damaged (the log says how); nothing is"
            " ordered, followed or paid for it until it is mended. All other takes go on"
        )


async def set_aside(ctx: OrderContext) -> bool:
    """Put off what is due and cannot be read; tells whether there was anything.

    Raises UnavailableError.
    """
    now = ctx.books.clock().timestamp()
    async with ctx.books.database.read() as connection:
        found = await find_unreadable(connection, now)
    for bad in found:
        said = {"take": bad.take, "job": bad.job, "looks": bad.looks, "reason": bad.reason}
        _LOG.critical("take.unreadable", extra=event(**said))
        for_good = bad.looks >= LOOKS
        due_at = now + (_RARELY_S if for_good else backoff_s(bad.looks))
        async with ctx.books.database.begin(small=True) as connection:
            await put_off(connection, bad, due_at)
        if for_good:
            await ctx.progress.troubled(bad.job, TakeUnreadableError(bad.take))
    return bool(found)


@dataclass(frozen=True, slots=True)
class DuePoller:
    """Wakes the loops for which something is due.

    Takes fall due with time and by other processes' hands, and a look costs the same when nothing
    is: so there is one, of one statement, instead of one of each loop.
    """

    ctx: OrderContext

    def loops(self) -> Mapping[str, Loop]:
        """Name what is to run as long as this looks."""
        return {"due-poller": self._run}

    async def _run(self) -> Never:
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                await self.look()
            except UnavailableError as problem:
                _LOG.warning("hosted.waits", extra=event(reason=str(problem)))
                await asyncio.sleep(AWAY_S)

    async def look(self) -> None:
        """Look once. Raises UnavailableError."""
        ctx = self.ctx
        async with ctx.books.database.read() as connection:
            due = await ctx.books.in_flight.due(connection, ctx.books.clock())
        for is_due, wake in (
            (due.to_order, ctx.runtime.wake_submitter),
            (due.to_follow, ctx.runtime.wake_poller),
            (due.to_bring, ctx.runtime.wake_downloader),
        ):
            if is_due:
                wake.set()
