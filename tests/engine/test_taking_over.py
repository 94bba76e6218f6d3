"""The engine's promises that we build on, the private ones of its library among them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from dbos import DBOS
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.database.connections import SqlDatabase, sync_engine
from callsheet.database.notifier import JournalNotifier
from callsheet.database.schema import migrate
from callsheet.engine.client import EngineClient
from callsheet.engine.lease import (
    BEAT_S,
    DEAD_AFTER_S,
    EXECUTORS,
    LeaseKeeper,
    Watch,
    ended_here,
    executor_name,
)
from callsheet.engine.runner import Runner, owners_of_pending, recover, sweep_finished
from callsheet.engine.supervision import Supervisor
from callsheet.jobs.store import JobStore
from callsheet.ports.engine import Payload

HANGING = """
import asyncio, sys
from tests.engine.test_taking_over import hang
asyncio.run(hang(sys.argv[1], sys.argv[2]))
"""


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[tuple[SqlDatabase, EngineClient]]:
    """Open a migrated database and the engine's tables in it."""
    database = SqlDatabase(url)
    bell = JournalNotifier(database, JobStore().sequences, Supervisor())
    client = EngineClient(sync_engine(database.url), bell)
    try:
        await migrate(database)
        await client.migrate()
        bell.start()
        yield database, client
    finally:
        await bell.close()
        await client.close()
        await database.close()


@asynccontextmanager
async def running(client: EngineClient, executor: str, **works: object) -> AsyncIterator[Runner]:
    """Run works in this process."""
    named: Any = works  # they are coroutine functions
    loops = Supervisor()
    runner = Runner(client, named, executor=executor, concurrency=4, loops=loops)
    await runner.launch()
    try:
        yield runner
    finally:
        await runner.close()


async def hang(url: str, executor: str) -> None:
    """Take a work and never end it: what a process does that is about to be killed."""

    async def never(_payload: Payload) -> None:
        print("begun", flush=True)  # noqa: T201  # the test waits for it
        await asyncio.sleep(1_000)

    async with opened(url) as (database, client), running(client, executor, work=never):
        async with database.begin() as connection:
            await client.enqueue(connection, "work", "w1", {"n": 1})
        await asyncio.sleep(1_000)


def begin_and_kill(url: str, executor: str) -> None:
    """Let another process begin a work, and kill it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HANGING, url, executor],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdout.readline().strip() == b"begun"
    process.kill()
    process.wait()
    process.stdout.close()


async def enqueue_and_fail(database: SqlDatabase, client: EngineClient) -> None:
    """Enqueue a work in a transaction that is rolled back."""
    async with database.begin() as connection:
        await client.enqueue(connection, "work", "lost", {"n": "lost"})
        raise ZeroDivisionError


async def until(done: asyncio.Event, seconds: float = 30) -> None:
    """Wait for an event, bounded."""
    async with asyncio.timeout(seconds):
        await done.wait()


async def until_ended(work_id: str, status: str, seconds: float = 30) -> None:
    """Wait until the engine has written down how a work ended."""
    async with asyncio.timeout(seconds):
        while not await asyncio.to_thread(  # noqa: ASYNC110  # it tells nobody
            DBOS.list_workflows, workflow_ids=[work_id], status=status
        ):
            await asyncio.sleep(0.02)


async def test_work_is_accepted_with_its_transaction(database_url: str) -> None:
    """A rolled back transaction leaves no work behind; a committed one is run, once per id."""
    ran: list[Payload] = []
    done = asyncio.Event()

    async def work(payload: Payload) -> None:
        ran.append(payload)
        if payload == {"n": "last"}:
            done.set()

    async with opened(database_url) as (database, client), running(client, "local", work=work):
        with pytest.raises(ZeroDivisionError):
            await enqueue_and_fail(database, client)
        for _ in range(3):
            async with database.begin() as connection:
                await client.enqueue(connection, "work", "once", {"n": "once"})
        async with database.begin() as connection:
            await client.enqueue(connection, "work", "last", {"n": "last"}, rank=9)
        await until(done)
        assert ran == [{"n": "once"}, {"n": "last"}]


async def test_work_that_raises_ends_alone(database_url: str) -> None:
    """An error ends its own work, is not repeated for ever, and others go on."""
    calls: list[str] = []
    done = asyncio.Event()

    async def bad(_payload: Payload) -> None:
        calls.append("bad")
        raise ZeroDivisionError

    async def good(_payload: Payload) -> None:
        calls.append("good")
        done.set()

    async with (
        opened(database_url) as (database, client),
        running(client, "local", bad=bad, good=good),
    ):
        async with database.begin() as connection:
            await client.enqueue(connection, "bad", "b", {})
            await client.enqueue(connection, "good", "g", {}, rank=5)
        await until(done)
        await until_ended("b", "ERROR")
        done.clear()
        async with database.begin() as connection:
            await client.enqueue(connection, "good", "later", {})
        await until(done)
        assert sorted(calls) == ["bad", "good", "good"]


async def test_restart_takes_up_its_own_work(database_url: str) -> None:
    """A killed process's work is run again by the next one of the same name, at once."""
    begin_and_kill(database_url, "local")
    done = asyncio.Event()

    async def work(_payload: Payload) -> None:
        done.set()

    async with opened(database_url) as (_, client), running(client, "local", work=work):
        await until(done)


async def test_dead_executor_is_taken_over(postgres_url: str) -> None:
    """The work of a process that is gone moves to another; a living one's stays its own."""
    dead = f"elsewhere|pid:[1]|1|{os.urandom(4).hex()}"
    begin_and_kill(postgres_url, dead)
    done = asyncio.Event()

    async def work(_payload: Payload) -> None:
        done.set()

    alive = executor_name()
    async with opened(postgres_url) as (database, client), running(client, alive, work=work):
        released: list[str] = []

        async def release(_connection: AsyncConnection, executor: str) -> None:
            released.append(executor)

        seconds = 0.0
        lease = LeaseKeeper(database, alive, release, lambda: seconds)
        await lease.beat()
        async with database.begin() as connection:
            # its own time, years ago: nobody's clock is compared with another's
            await connection.execute(sa.insert(EXECUTORS).values(id=dead, beat_at=0.0))
        assert await asyncio.to_thread(owners_of_pending) == {dead}
        while seconds < DEAD_AFTER_S:
            assert await lease.reap() == 0
            seconds += BEAT_S
        assert not done.is_set()
        reaped = await asyncio.gather(lease.reap(), lease.reap())
        assert sum(reaped) == 1
        await until(done)
        assert released == [dead]


async def test_recovering_twice_moves_work_once(postgres_url: str) -> None:
    """The engine's private calls behave as we use them: by executor, and only while pending."""
    begin_and_kill(postgres_url, "gone")
    async with opened(postgres_url) as (_, client), running(client, executor_name()):
        assert await asyncio.to_thread(recover, "somebody else") == 0
        assert await asyncio.to_thread(recover, "gone") == 1
        assert await asyncio.to_thread(recover, "gone") == 0


async def test_finished_work_is_swept(database_url: str) -> None:
    """What ended before a time is deleted from the engine's tables; what has not is left."""
    done = asyncio.Event()

    async def work(_payload: Payload) -> None:
        done.set()

    async with opened(database_url) as (database, client), running(client, "local", work=work):
        async with database.begin() as connection:
            await client.enqueue(connection, "work", "w", {})
        await until(done)
        await until_ended("w", "SUCCESS")
        now = datetime.now(UTC)
        assert await asyncio.to_thread(sweep_finished, now - timedelta(hours=1)) == 0
        assert len(await asyncio.to_thread(DBOS.list_workflows)) == 1
        assert await asyncio.to_thread(sweep_finished, now + timedelta(seconds=1)) == 1
        assert await asyncio.to_thread(DBOS.list_workflows) == []


def test_processes_of_this_machine_are_known_to_have_ended() -> None:
    """The name of a process that ended here says so; this one's and a stranger's do not."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    mine = executor_name()
    host, space, _, rest = mine.split("|")
    assert not ended_here(mine)
    assert ended_here(f"{host}|{space}|{process.pid}|{rest}")
    assert not ended_here(f"other|{space}|{process.pid}|{rest}")
    assert not ended_here("local")


def test_silence_counts_only_while_it_is_watched() -> None:
    """A process is dead after it was seen standing still for a lease, and not a moment sooner."""
    watch = Watch()
    assert watch.look({"a": 1.0, "b": 1.0}, 0.0) == set()
    for second in (1.5, 3.0, 4.5):
        assert watch.look({"a": 1.0, "b": second}, second) == set()
    watch.lose_sight()  # the database was away
    assert watch.look({"a": 1.0, "b": 4.5}, 20.0) == set()
    assert watch.look({"a": 1.0, "b": 4.5}, 600.0) == set()  # it hung, or this machine slept
    assert watch.look({"a": 1.0, "b": 9.0}, 601.5) == set()
    assert watch.look({"a": 1.0, "b": 9.0}, 603.0) == {"a"}
    assert watch.look({"a": 2.0, "b": 9.0}, 604.5) == set()
