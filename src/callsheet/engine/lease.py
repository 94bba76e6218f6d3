"""Leases of worker processes on PostgreSQL: who is alive, and who takes over from the dead.

The engine moves a dead process's work only when somebody says that it is dead. Each process keeps
a row with a heartbeat; whoever holds the reaper's lock returns the work of those whose heartbeat
has stopped. What such a process may still do is fenced by the epoch of the takes it had claimed.

A heartbeat has stopped when whoever judges it saw it stand still for a whole lease, by a clock of
its own that nobody sets, and while it reached the database itself. So neither a database that was
away nor a clock that was set makes the living look dead.
"""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.engine.runner import owners_of_pending, recover
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.ports.database import METADATA, Database

_LOG = logging.getLogger("callsheet.engine")
BEAT_S: Final = 1.5
DEAD_AFTER_S: Final = 6.0
_MOST_S: Final = 2 * BEAT_S  # that one look adds to a silence: between late ones nobody looked
_LOCK: Final = 0x72656170  # "reap"

EXECUTORS = sa.Table(
    "executors",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("beat_at", sa.Float, nullable=False),
)
_SEPARATOR: Final = "|"
_NOW: Final = sa.extract("epoch", sa.func.clock_timestamp())


def executor_name() -> str:
    """Name this process: host, process namespace, number, and something nobody else has."""
    parts = (socket.gethostname(), _process_space(), str(os.getpid()), os.urandom(4).hex())
    return _SEPARATOR.join(parts)


def _process_space() -> str:
    """Name the namespace in which process numbers mean something; containers have their own."""
    try:
        return Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return "?"


def ended_here(executor: str) -> bool:
    """Tell whether an executor was a process of this machine that is no more.

    A number that was given to another process since looks alive: then the lease decides.
    """
    host, space, number, *_ = [*executor.split(_SEPARATOR), "", "", ""]
    if (host, space) != (socket.gethostname(), _process_space()) or "?" in space:
        return False
    if not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _since_boot() -> float:
    """Tell the seconds since the machine was started, its sleep among them; nobody sets them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(slots=True)
class Watch:
    """For how long each heartbeat has been standing still, as this process saw it itself."""

    _seen: dict[str, tuple[float, float]] = field(default_factory=dict)  # beat, and seconds since
    _looked_at: float | None = None

    def look(self, beats: Mapping[str, float], now: float) -> set[str]:
        """Take the heartbeats as they are now; answers whose stood still for a lease."""
        passed = 0.0 if self._looked_at is None else min(now - self._looked_at, _MOST_S)
        self._looked_at = now
        before = self._seen
        self._seen = {
            executor: (beat, before[executor][1] + passed)
            if executor in before and before[executor][0] == beat
            else (beat, 0.0)
            for executor, beat in beats.items()
        }
        return {each for each, (_, silent_s) in self._seen.items() if silent_s >= DEAD_AFTER_S}

    def lose_sight(self) -> None:
        """Forget what was seen: meanwhile nobody could beat, or nobody could be seen to."""
        self._seen.clear()
        self._looked_at = None


@dataclass(frozen=True, slots=True)
class LeaseKeeper:
    """Keeps this process's lease and reaps others'.

    `release` lets go, in the reaper's transaction, of what a dead process had claimed in our own
    tables. `clock` tells seconds since some moment, and is never set.
    """

    database: Database
    executor: str
    release: Callable[[AsyncConnection, str], Awaitable[None]]
    clock: Callable[[], float] = _since_boot
    _watch: Watch = field(default_factory=Watch, init=False)

    async def run(self) -> None:
        """Beat and reap until cancelled, then give the lease back."""
        try:
            while True:
                try:
                    await self.beat()
                    await self.reap()
                except UnavailableError as problem:
                    self._watch.lose_sight()
                    _LOG.warning("lease.waits", extra=event(reason=str(problem)))
                await asyncio.sleep(BEAT_S)
        finally:
            with contextlib.suppress(UnavailableError):  # it runs out by itself
                await self.give_back()

    async def keep(self) -> None:
        """Beat until cancelled, then give the lease back: for a process that takes nothing over."""
        try:
            while True:
                with contextlib.suppress(UnavailableError):  # whoever judges saw it, too
                    await self.beat()
                await asyncio.sleep(BEAT_S)
        finally:
            with contextlib.suppress(UnavailableError):  # it runs out by itself
                await self.give_back()

    async def beat(self) -> None:
        """Say that this process is alive."""
        async with self.database.begin() as connection:
            update = sa.update(EXECUTORS).where(EXECUTORS.c.id == self.executor)
            done = await connection.execute(update.values(beat_at=_NOW))
            if done.rowcount == 0:
                # the first beat, or somebody took this process for dead: its work was taken over
                # and its epochs have passed, so it may begin anew under the same name
                await connection.execute(
                    sa.insert(EXECUTORS).values(id=self.executor, beat_at=_NOW)
                )

    async def reap(self) -> int:
        """Return the work of dead processes to the queue; how many works there were."""
        async with self.database.read() as connection:
            beats = await _beats(connection)
            owners = await asyncio.to_thread(owners_of_pending)
        silent = self._watch.look(beats, self.clock())
        dead = self._dead(beats, silent, owners)
        if not dead:
            return 0
        async with self.database.begin() as connection:
            locked = await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK)))
            if not locked:
                return 0  # another process is at it
            now = await _beats(connection)  # who was reaped, or came back, since we looked
            moved = 0
            for executor in sorted(dead):
                if now.get(executor) != beats.get(executor):
                    continue
                count = await asyncio.to_thread(recover, executor)
                await self.release(connection, executor)
                _LOG.warning("executor.reaped", extra=event(executor=executor, works=count))
                moved += count
                gone = sa.delete(EXECUTORS).where(EXECUTORS.c.id == executor)
                await connection.execute(gone)
            return moved

    def _dead(self, beats: Mapping[str, float], silent: set[str], owners: set[str]) -> set[str]:
        """Name those whose heartbeat stopped, that ended here, or that have work but no lease."""
        ended = {executor for executor in beats if ended_here(executor)}
        return (silent | ended | (owners - beats.keys())) - {self.executor}

    async def give_back(self) -> None:
        """End the lease: what this process left behind may be taken at once."""
        async with self.database.begin() as connection:
            await connection.execute(sa.delete(EXECUTORS).where(EXECUTORS.c.id == self.executor))


async def _beats(connection: AsyncConnection) -> dict[str, float]:
    rows = await connection.execute(sa.select(EXECUTORS.c.id, EXECUTORS.c.beat_at))
    return {row.id: row.beat_at for row in rows}
