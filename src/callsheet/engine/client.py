"""Handing work to the engine: from any process, inside the caller's own transaction."""

import asyncio
from typing import Final

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import Engine, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.ports.engine import Payload
from callsheet.ports.notifier import WorkNotifier

APPLICATION: Final = "callsheet"
# Changed only when the shape of a work's payload or its order of effects changes: work written
# under one version is run by workers of that version (see docs/how-to/deploy-and-upgrade.md).
VERSION: Final = "1"
QUEUE: Final = "line"
SCHEMA: Final = "dbos"
_POLL_S: Final = 0.125  # while there is work in hand: more may have had no room
SERIALIZER: Final = DBOSPortableJSONSerializer()  # never pickle: rows in a database are data


class EngineClient:
    """Implements ports.engine.WorkQueue over the engine's own tables."""

    def __init__(self, engine: Engine, notifier: WorkNotifier) -> None:
        self.engine, self.notifier = engine, notifier
        self._client = DBOSClient(
            system_database_engine=engine,
            dbos_system_schema=SCHEMA,
            serializer=SERIALIZER,
            application_name=APPLICATION,
            lazy=True,
        )

    async def migrate(self) -> None:
        """Create or upgrade the engine's tables."""
        url = self.engine.url.render_as_string(hide_password=False)
        await asyncio.to_thread(DBOS.migrate, url, schema=SCHEMA)

    async def is_migrated(self) -> bool:
        """Tell whether the engine's tables are there; their upgrades come with our own."""
        return await asyncio.to_thread(self._has_tables)

    def _has_tables(self) -> bool:
        schema = None if self.engine.dialect.name == "sqlite" else SCHEMA
        return inspect(self.engine).has_table("workflow_status", schema=schema)

    async def register_queue(self, concurrency: int) -> None:
        """Declare the queue: how many works one process runs at a time."""
        await self._client.register_queue_async(
            QUEUE, worker_concurrency=concurrency, polling_interval_sec=_POLL_S
        )

    async def enqueue(
        self,
        connection: AsyncConnection,
        work: str,
        work_id: str,
        payload: Payload,
        *,
        rank: int = 0,
    ) -> None:
        """Write down work in the caller's transaction; the same `work_id` is accepted once."""
        options: EnqueueOptions = {
            "workflow_name": work,
            "queue_name": QUEUE,
            "workflow_id": work_id,
            "app_version": VERSION,
        }
        if rank:
            options["priority"] = rank  # 1 and up; works without one come before all
        await connection.run_sync(
            lambda sync: self._client.enqueue_in_transaction(sync, options, dict(payload))
        )
        await self.notifier.notify_work(connection)

    async def close(self) -> None:
        """Let connections go."""
        await asyncio.to_thread(self._client.destroy)
        self.engine.dispose()
