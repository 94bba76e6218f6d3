"""The time, as the database tells it: one clock for all hosts that share one."""

import asyncio
import logging
import time
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from callsheet.database.connections import SqlDatabase
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.logs import event
from callsheet.kernel.steady import steady_s

_LOG = logging.getLogger("callsheet.clock")
_EVERY_S: Final = 10.0
_NOTABLE_S: Final = 2.0
_FAR_S: Final = 60.0  # clocks that are looked at every ten seconds are never that far apart
_SLEW_S: Final = 0.2  # how much of a small difference is made up for at a time
_ASK: Final = sa.select(sa.extract("epoch", sa.func.clock_timestamp()))


class DatabaseClock:
    """Tells the time of the PostgreSQL server, by this machine's steady clock.

    Claims and deadlines of different hosts are compared with each other, so a host whose clock is
    minutes off must not think that others are late. SQLite is used by one host: its clock is read
    once. Between two looks at the server, and on SQLite for as long as the process lives, this
    clock goes on evenly, whoever sets the host's meanwhile.
    """

    def __init__(self, database: SqlDatabase) -> None:
        self._database = database
        self._even_since = steady_s()
        self._zero_s = time.time() - self._even_since  # the time at which the steady clock was zero
        self._asked = False

    def __call__(self) -> datetime:
        """Tell the time."""
        return datetime.fromtimestamp(self._zero_s + steady_s(), UTC)

    def passed_s(self, moment: datetime) -> float:
        """Tell how many seconds have passed since a moment, for certain.

        Before this process began, and before the server's clock last jumped, clocks may have been
        set: nothing counts from before then. What lies far in the future was written before then.
        """
        told, even = (self() - moment).total_seconds(), steady_s() - self._even_since
        return even if told < -_FAR_S else min(told, even)

    async def sync(self) -> None:
        """Compare with the database's clock. Raises DatabaseUnavailableError."""
        if self._database.dialect == "sqlite":
            return
        async with self._database.read() as connection:
            before = steady_s()
            told = float(await connection.scalar(_ASK) or self._zero_s + before)
            after = steady_s()
        self._follow(told - (before + after) / 2, unsure_s=(after - before) / 2)

    def _follow(self, zero_s: float, *, unsure_s: float) -> None:
        """Go after the server's clock: evenly, but at the first look and when it has jumped."""
        off_s, first = zero_s - self._zero_s, not self._asked
        self._asked = True
        jumped = abs(off_s) > _NOTABLE_S + unsure_s
        if jumped:
            _LOG.warning("clock.off", extra=event(seconds=round(off_s, 3)))
        if first or jumped:
            self._zero_s = zero_s
            self._even_since = self._even_since if first else steady_s()
        elif abs(off_s) > unsure_s:
            self._zero_s += max(-_SLEW_S, min(off_s, _SLEW_S))

    async def run(self) -> None:
        """Compare from time to time until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.sync()
            except UnavailableError as problem:
                _LOG.warning("clock.waits", extra=event(reason=str(problem)))
