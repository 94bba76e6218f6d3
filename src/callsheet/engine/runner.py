"""Running work: the durable engine inside this process, until it is told to stop."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dbos import DBOS, DBOSConfig

from callsheet.engine.client import (
    APPLICATION,
    QUEUE,
    SCHEMA,
    SERIALIZER,
    VERSION,
    EngineClient,
)
from callsheet.engine.supervision import Supervisor
from callsheet.engine.taking import Taker
from callsheet.kernel.logs import event
from callsheet.ports.engine import Payload, Work

_LOG = logging.getLogger("callsheet.engine")
_THREADS: Final = 16
_STRAY_CHECK_S: Final = 5.0
_SWEEP_S: Final = 600.0
_NAP_S: Final = 0.1
_KEEP_FINISHED: Final = timedelta(hours=1)
_SWEEP_PAGE: Final = 500
_RECOVERIES: Final = 1_000_000  # a machine that dies often is no reason to drop paid work


class Runner:
    """Runs each accepted work to its end, at least once; one per process.

    `executor` names this process to the engine. On SQLite it is always the same name, so that a
    restart finds its own work at once; on PostgreSQL each process has its own and a lease.
    """

    def __init__(
        self,
        client: EngineClient,
        works: Mapping[str, Work],
        *,
        executor: str,
        concurrency: int,
        loops: Supervisor,
    ) -> None:
        self._client, self._works, self._loops = client, works, loops
        self.executor, self._concurrency = executor, concurrency
        self._active: dict[str, asyncio.Task[Any] | None] = {}
        self._suspects: set[str] = set()
        self._taker: Taker | None = None
        self._chores: list[asyncio.Task[None]] = []

    async def launch(self) -> None:
        """Start taking work, on the running event loop; the tables must be there."""
        logger = logging.getLogger("dbos")
        logger.addHandler(logging.NullHandler())  # before DBOS adds a console handler of its own
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._client.engine,
            "dbos_system_schema": SCHEMA,
            "serializer": SERIALIZER,
            "executor_id": self.executor,
            "application_version": VERSION,
            "max_executor_threads": _THREADS,
            "log_level": "ERROR" if _LOG.getEffectiveLevel() > logging.WARNING else "WARNING",
            "run_migrations": False,
            "use_listen_notify": False,
            # nobody listens, but its thread sleeps so long, and is waited for at the end
            "notification_listener_polling_interval_sec": _NAP_S,
        }
        dbos = DBOS(config=config)
        logger.propagate = True
        for name, work in self._works.items():
            DBOS.workflow(name=name, max_recovery_attempts=_RECOVERIES)(self._guarded(name, work))
        DBOS.listen_queues([])  # it would ask all the time; see taking.py
        DBOS.launch()
        self._taker = Taker(self._client, dbos, self._concurrency)
        await self._taker.start()
        self._chores = [
            self._loops.start("engine-taker", self._taker.watch),
            self._loops.start("engine-strays", self._return_strays),
            self._loops.start("engine-sweep", self._sweep),
        ]

    def _guarded(self, name: str, work: Work) -> Work:
        async def run(payload: Payload) -> None:
            work_id = DBOS.workflow_id or ""
            self._active[work_id] = asyncio.current_task()
            try:
                await work(payload)
            except Exception:
                _LOG.exception("work.failed", extra=event(work=name, work_id=work_id))
                raise
            finally:
                self._active.pop(work_id, None)

        run.__qualname__ = run.__name__ = name
        return run

    async def _return_strays(self) -> None:
        """Put back work that is ours on paper but that nothing here is doing.

        It strays when the database refuses the engine's own note (disk full, connection lost)
        between taking a work and running it, or at its end. Two sightings in a row, so that work
        between being taken and being begun is left alone.
        """
        while True:
            await asyncio.sleep(_STRAY_CHECK_S)
            try:
                claimed = await asyncio.to_thread(self._claimed)
                strays = claimed - self._active.keys()
                for work_id in strays & self._suspects:
                    _LOG.warning("work.returned", extra=event(work_id=work_id))
                    await asyncio.to_thread(self._return, work_id)
                self._suspects = strays
            except Exception:  # noqa: BLE001  # a chore outlives any failure; it is logged
                _LOG.exception("engine.stray_check_failed")

    def _claimed(self) -> set[str]:
        rows = _system_database().get_pending_workflows(self.executor, VERSION)
        return {row.workflow_id for row in rows}

    def _return(self, work_id: str) -> None:
        _system_database().reenqueue_for_recovery(work_id, [self.executor], QUEUE)

    async def _sweep(self) -> None:
        """Delete finished work from the engine's tables; the rooms' rows are the record."""
        while True:
            try:
                await asyncio.to_thread(sweep_finished, datetime.now(UTC) - _KEEP_FINISHED)
            except Exception:  # noqa: BLE001  # see above
                _LOG.exception("engine.sweep_failed")
            await asyncio.sleep(_SWEEP_S)

    async def close(self) -> None:
        """Stop taking work.

        What is running is broken off and stays ours on paper: a cancelled work has no outcome, so
        the next process takes it up again.
        """
        for chore in self._chores:  # before the thread ends that one of them watches
            chore.cancel()
        if self._taker is not None:
            await self._taker.stop()
        running = [task for task in self._active.values() if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*self._chores, *running, return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)


def owners_of_pending() -> set[str]:
    """Name the executors that have work in hand. Blocking."""
    rows = DBOS.list_workflows(
        status="PENDING", app_version=VERSION, load_input=False, load_output=False
    )
    return {row.executor_id for row in rows if row.executor_id}


def recover(executor: str) -> int:
    """Return the work of a dead executor to the queue; how many there were. Blocking."""
    database = _system_database()
    rows = database.get_pending_workflows(executor, VERSION)
    moved = [database.reenqueue_for_recovery(row.workflow_id, [executor], QUEUE) for row in rows]
    return sum(moved)


def sweep_finished(before: datetime) -> int:
    """Delete work that ended before a time, page by page; how much. Blocking."""
    deleted = 0
    while ended := DBOS.list_workflows(
        status=["SUCCESS", "ERROR", "CANCELLED"],
        completed_before=before.isoformat(),
        limit=_SWEEP_PAGE,
        load_input=False,
        load_output=False,
    ):
        DBOS.delete_workflows([row.workflow_id for row in ended])
        deleted += len(ended)
    return deleted


def _system_database() -> Any:
    """Reach the engine's tables; not public in DBOS 3.4, so these calls have contract tests."""
    from dbos._dbos import _get_dbos_instance  # noqa: PLC0415  # see above

    return _get_dbos_instance()._sys_db  # noqa: SLF001  # see above
