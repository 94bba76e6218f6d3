"""Work is taken when the bell rings: nobody asks all the time, and nothing is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from tests.engine.test_taking_over import opened, running, until

from callsheet.database.connections import SqlDatabase, sync_engine
from callsheet.database.notifier import JournalNotifier
from callsheet.engine import taking
from callsheet.engine.client import QUEUE, EngineClient
from callsheet.engine.lease import executor_name
from callsheet.engine.runner import Runner
from callsheet.engine.supervision import Supervisor
from callsheet.jobs.store import JobStore
from callsheet.ports.engine import Payload


class Counter:
    """A work that counts how often it was run."""

    def __init__(self, expected: int) -> None:
        self.expected, self.ran = expected, 0
        self.done = asyncio.Event()

    async def __call__(self, _payload: Payload) -> None:
        await asyncio.sleep(0.05)
        self.ran += 1
        if self.ran == self.expected:
            self.done.set()


@pytest.fixture
def only_when_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no look come by itself within a test."""
    monkeypatch.setattr(taking, "_QUIET_S", {"sqlite": 600.0, "postgresql": 600.0})


@asynccontextmanager
async def counting(client: EngineClient, work: Counter) -> AsyncIterator[Runner]:
    """Run the work in this process, which has found by now that there is nothing to do."""
    asked: list[str] = []

    def ask(_connection: Any, _cursor: Any, _statement: str, parameters: Any, *_: Any) -> None:
        values = parameters.values() if isinstance(parameters, dict) else parameters
        asked.extend(value for value in values if value == QUEUE)

    sa.event.listen(client.engine, "before_cursor_execute", ask)
    async with running(client, executor_name(), work=work.__call__) as runner:
        seen = -1
        async with asyncio.timeout(30):
            while seen != len(asked) or not asked:
                seen = len(asked)
                await asyncio.sleep(1.0)
        yield runner


async def send(database: SqlDatabase, client: EngineClient, *work_ids: str) -> None:
    """Enqueue works in one transaction."""
    async with database.begin() as connection:
        for work_id in work_ids:
            await client.enqueue(connection, "work", work_id, {})


@pytest.mark.usefixtures("only_when_rung")
async def test_bell_has_work_taken(database_url: str) -> None:
    """An engine that does not look by itself takes what is enqueued, more than it has room for."""
    work = Counter(expected=9)
    async with opened(database_url) as (database, client), counting(client, work):
        await send(database, client, *(f"w{number}" for number in range(9)))
        await until(work.done)


@pytest.mark.usefixtures("only_when_rung")
async def test_bell_is_heard_from_another_process(postgres_url: str) -> None:
    """On PostgreSQL it does not matter who has enqueued."""
    work = Counter(expected=1)
    other = SqlDatabase(postgres_url)
    sender = EngineClient(
        sync_engine(other.url), JournalNotifier(other, JobStore().sequences, Supervisor())
    )
    async with opened(postgres_url) as (_, client), counting(client, work):
        await send(other, sender, "w")
        await until(work.done)
    await sender.close()
    await other.close()


async def test_work_of_which_nobody_told_is_found(database_url: str) -> None:
    """A bell that is not heard delays work, and loses none."""
    first, second = Counter(expected=1), Counter(expected=1)
    works = {"first": first.__call__, "second": second.__call__}
    async with opened(database_url) as (database, client), running(client, "local", **works):
        client.notifier.on_work(lambda: None)
        for name, work in (("first", first), ("second", second)):
            async with database.begin() as connection:
                await client.enqueue(connection, name, name, {})
            await until(work.done)
            await asyncio.sleep(0.5)  # it has seen by then that nothing is left


@pytest.mark.usefixtures("only_when_rung")
async def test_work_that_was_left_behind_is_found_at_the_start(database_url: str) -> None:
    """What was enqueued while nobody ran is taken by the first look."""
    work = Counter(expected=2)
    async with opened(database_url) as (database, client):
        await send(database, client, "w1", "w2")
        async with running(client, executor_name(), work=work.__call__):
            await until(work.done)
