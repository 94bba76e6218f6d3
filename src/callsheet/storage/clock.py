"""The time, as the database tells it: one clock for all hosts that share one."""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.storage.database import SqlDatabase

_LOG = logging.getLogger("callsheet.clock")
_EVERY_S: Final = 10.0
_NOTABLE_S: Final = 2.0
_ASK: Final = sa.select(sa.extract("epoch", sa.func.clock_timestamp()))


class DatabaseClock:
    """Tells the time of the PostgreSQL server, from this host's clock and how far off it is.

    Claims and deadlines of different hosts are compared with each other, so a host whose clock is
    minutes off must not think that others are late. SQLite is used by one host: its own clock.
    """

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._off_s = 0.0

    def __call__(self) -> datetime:
        """Tell the time."""
        return datetime.fromtimestamp(time.time() + self._off_s, UTC)

    async def sync(self) -> None:
        """Compare with the database's clock. Raises DatabaseUnavailableError."""
        if self._database.dialect == "sqlite":
            return
        async with self._database.read() as connection:
            before = time.time()
            told = float(await connection.scalar(_ASK) or before)
            after = time.time()
        off_s = told - (before + after) / 2
        if abs(off_s - self._off_s) > _NOTABLE_S:
            _LOG.warning("clock.off", extra=event(seconds=round(off_s, 3)))
        self._off_s = off_s

    async def run(self) -> None:
        """Compare from time to time until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.sync()
            except UnavailableError as problem:
                _LOG.warning("clock.waits", extra=event(reason=str(problem)))
