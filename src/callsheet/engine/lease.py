"""Leases of worker processes on PostgreSQL: who is alive, and who takes over from the dead.

The engine moves a dead process's work only when somebody says that it is dead. Each process keeps
a row with a heartbeat, by the database's clock; whoever holds the reaper's lock returns the work of
those whose heartbeat has stopped. What such a process may still do is fenced by the epoch of the
takes it had claimed.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class LeaseKeeper:
    """Keeps this process's lease and reaps others'.

    `release` lets go, in the reaper's transaction, of what a dead process had claimed in our own
    tables.
    """

    database: Database
    executor: str
    release: Callable[[AsyncConnection, str], Awaitable[None]]

    async def run(self) -> None:
        """Beat and reap until cancelled, then give the lease back."""
        try:
            while True:
                try:
                    await self.beat()
                    await self.reap()
                except UnavailableError as problem:
                    _LOG.warning("lease.waits", extra=event(reason=str(problem)))
                await asyncio.sleep(BEAT_S)
        finally:
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
        async with self.database.begin() as connection:
            locked = await connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK)))
            if not locked:
                return 0  # another process is at it
            dead = await self._dead(connection)
            moved = 0
            for executor in dead:
                count = await asyncio.to_thread(recover, executor)
                await self.release(connection, executor)
                _LOG.warning("executor.reaped", extra=event(executor=executor, works=count))
                moved += count
            await connection.execute(sa.delete(EXECUTORS).where(EXECUTORS.c.id.in_(dead)))
            return moved

    async def _dead(self, connection: AsyncConnection) -> list[str]:
        """List those whose heartbeat stopped, that ended here, or that have work but no lease."""
        rows = list(
            await connection.execute(
                sa.select(EXECUTORS.c.id, (_NOW - EXECUTORS.c.beat_at).label("silent_s"))
            )
        )
        beating = {row.id for row in rows if row.silent_s < DEAD_AFTER_S}
        alive = {executor for executor in beating if not ended_here(executor)} | {self.executor}
        owners = await asyncio.to_thread(owners_of_pending)
        return sorted(({row.id for row in rows} | owners) - alive)

    async def give_back(self) -> None:
        """End the lease: what this process left behind may be taken at once."""
        async with self.database.begin() as connection:
            await connection.execute(sa.delete(EXECUTORS).where(EXECUTORS.c.id == self.executor))
