"""Notifications on both databases: heard at once, and looked after in case it was missed.

On PostgreSQL a NOTIFY inside the transaction rings in every process when it commits; through a
pooler, which gives a connection another session in each transaction, it is not heard, and every
process looks twice a second. On SQLite it is heard in this process after the commit; other
processes on the same file look at the sequence a few times a second.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Final

import psycopg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.database.connections import AFTER_COMMIT, SqlDatabase
from callsheet.engine.supervision import Supervisor
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event

_LOG = logging.getLogger("callsheet.notifier")
_JOURNAL: Final = "callsheet_journal"
_WORK: Final = "callsheet_work"
_WHISPER: Final = "callsheet_whisper"
_LOOK_S: Final = {"sqlite": 0.25, "postgresql": 2.0}
_LOOK_DEAF_S: Final = 0.5  # where nothing is heard: a pooler passes no notifications on
_RECONNECT_S: Final = 1.0
_NOTIFY: Final = text("SELECT pg_notify(:channel, :payload)")
_NOTIFY_ALL: Final = text(
    "SELECT pg_notify(:channel, each) FROM unnest(CAST(:payloads AS text[])) each"
)

Sequences = Callable[[AsyncConnection, Sequence[JobId]], Awaitable[dict[JobId, int]]]


class JournalNotifier:
    """Implements the notifiers and the whispers of the port.

    `sequences` reads how far some jobs' journals are.
    """

    def __init__(self, database: SqlDatabase, sequences: Sequences, loops: Supervisor) -> None:
        self._database, self._sequences, self._loops = database, sequences, loops
        self._waiting: dict[JobId, set[asyncio.Event]] = defaultdict(set)
        self._heard: dict[JobId, int] = {}
        self._on_work: Callable[[], None] = _nobody
        self._on_whisper: Callable[[str], None] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._deaf = database.pooled is True

    def start(self) -> None:
        """Begin to listen, on the running event loop."""
        if not self._tasks:
            self._tasks.append(self._loops.start("notifier-poll", self._look))
            if self._database.dialect == "postgresql":
                self._tasks.append(self._loops.start("notifier-listen", self._listen))

    async def notify(self, connection: AsyncConnection, job: JobId) -> None:
        """Announce that this transaction writes to the job's journal."""
        await self._tell(connection, _JOURNAL, job)

    async def notify_all(self, connection: AsyncConnection, jobs: Collection[JobId]) -> None:
        """Announce that this transaction writes to the journals of several jobs."""
        if self._database.dialect == "postgresql":
            given = {"channel": _JOURNAL, "payloads": list(jobs)}
            await connection.execute(_NOTIFY_ALL, given)
        else:
            connection.info[AFTER_COMMIT].extend(partial(self._wake, job) for job in jobs)

    async def notify_work(self, connection: AsyncConnection) -> None:
        """Announce that this transaction leaves work for the engine."""
        await self._tell(connection, _WORK)

    def on_work(self, heard: Callable[[], None]) -> None:
        """Have `heard` called, on the event loop, whenever there may be work."""
        self._on_work = heard

    async def whisper(self, text: str) -> None:
        """Tell every process that hears; nobody on SQLite, and behind a pooler."""
        if self._database.dialect == "postgresql" and not self._deaf:
            async with self._database.begin(small=True) as connection:
                await connection.execute(_NOTIFY, {"channel": _WHISPER, "payload": text})

    def on_whisper(self, heard: Callable[[str], None]) -> None:
        """Have `heard` called, on the event loop, with what processes tell."""
        self._on_whisper = heard

    async def _tell(self, connection: AsyncConnection, channel: str, payload: str = "") -> None:
        if self._database.dialect == "postgresql":
            await connection.execute(_NOTIFY, {"channel": channel, "payload": payload})
        else:
            connection.info[AFTER_COMMIT].append(lambda: self._hear(channel, payload))

    def _hear(self, channel: str, payload: str) -> None:
        if channel == _WORK:
            self._on_work()
        elif channel == _WHISPER:
            if self._on_whisper is not None:
                self._on_whisper(payload)
        else:
            self._wake(JobId(payload))

    def _wake(self, job: JobId) -> None:
        for waiter in self._waiting.get(job, ()):
            waiter.set()

    async def wait(self, job: JobId, seen: int, timeout_s: float) -> bool:
        """Wait until the job's sequence is above `seen`; False after the time is up."""
        waiter = asyncio.Event()
        self._waiting[job].add(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                while self._heard.get(job, 0) <= seen:
                    waiter.clear()
                    await self._read([job])
                    if self._heard.get(job, 0) <= seen:
                        await waiter.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting[job].discard(waiter)
            if not self._waiting[job]:
                del self._waiting[job]
                self._heard.pop(job, None)
        return True

    async def _read(self, jobs: Sequence[JobId]) -> None:
        async with self._database.read() as connection:
            found = await self._sequences(connection, jobs)
        for job, sequence in found.items():
            if sequence > self._heard.get(job, 0):
                self._heard[job] = sequence
                self._wake(job)

    async def _look(self) -> None:
        """Look after all watched jobs in one query, for rings that were missed."""
        while True:
            await asyncio.sleep(_LOOK_DEAF_S if self._deaf else _LOOK_S[self._database.dialect])
            if self._deaf:
                self._on_work()
            if self._waiting:
                with contextlib.suppress(UnavailableError):
                    await self._read(list(self._waiting))

    async def _listen(self) -> None:
        """Hear PostgreSQL's notifications on a connection of our own; reconnect when it breaks."""
        url = self._database.url.render_as_string(hide_password=False)
        while not self._deaf:
            try:
                async with await psycopg.AsyncConnection.connect(
                    url, autocommit=True
                ) as connection:
                    if self._database.pooled is None and await _is_shared(connection):
                        self._deaf = True
                        break
                    await connection.execute(f"LISTEN {_JOURNAL}")
                    await connection.execute(f"LISTEN {_WORK}")
                    await connection.execute(f"LISTEN {_WHISPER}")
                    async for note in connection.notifies():
                        self._hear(note.channel, note.payload)
            except psycopg.Error as error:
                _LOG.warning("notifier.reconnects", extra=event(reason=str(error)))
                await asyncio.sleep(_RECONNECT_S)
        _LOG.warning("notifier.deaf", extra=event(looks_every_s=_LOOK_DEAF_S))
        await asyncio.Event().wait()  # for ever: it is looked instead

    async def close(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


async def _is_shared(connection: psycopg.AsyncConnection) -> bool:
    """Tell whether a pooler stands between: another backend answers than took the connection."""
    row = await (await connection.execute("SELECT pg_backend_pid()")).fetchone()
    return row is None or row[0] != connection.info.backend_pid


def _nobody() -> None:
    """Hear nothing: no work is done in this process."""
