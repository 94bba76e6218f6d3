"""Takes on both databases: what is written is read, claims are fenced, lists go on."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.rooms import (
    BIG,
    NOW,
    WORKSPACE,
    a_full_take,
    a_job,
    a_take,
    altered,
    flat,
    opened,
)

from callsheet.database.connections import SqlDatabase
from callsheet.jobs.model import Job
from callsheet.jobs.store import JobStore
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.model import ENDED, Outcome, Take, TakeStatus
from callsheet.takes.store import TakeStore

STORE, JOBS = TakeStore(), JobStore()


async def written(database: SqlDatabase, job: Job, takes: Iterable[Take]) -> None:
    """Write a job and its takes down."""
    async with database.begin() as connection:
        await JOBS.add(connection, job)
        await STORE.add(connection, takes)


async def read(database: SqlDatabase, take: Take) -> Take:
    """Read a take again."""
    async with database.read() as connection:
        return await STORE.find(connection, take.workspace, take.id)


async def test_takes_come_back_as_they_were(database_url: str) -> None:
    """Every field of a take survives, and lists leave out the inputs only."""
    job = a_job()
    full, plain = a_full_take(job), a_take(job)
    other = flat(plain)
    same = {name for name, told in flat(full).items() if told == other[name]}
    assert same == {"place.job", "workspace", "times.created_at"}
    async with opened(database_url) as database:
        await written(database, job, [full, plain])
        for take in (full, plain):
            found = await read(database, take)
            assert found == take
            assert found.times.created_at.utcoffset() == timedelta(0)
        async with database.read() as connection:
            standing = await STORE.of_rows(connection, job.id, 2, 99_999)
            assert standing == [replace(full, inputs={})]
            assert await STORE.model_of(connection, full.id) == full.model


async def test_an_outcome_is_written_once(database_url: str) -> None:
    """The outcome of the newest claim is written with every field; a second one is not."""
    job = a_job()
    won, lost = a_take(job, 1), a_take(job, 2)
    error = {"code": "é", "message": "no", "next_step": "stop", "value": None}
    async with opened(database_url) as database:
        await written(database, job, [won, lost])
        async with database.begin() as connection:
            claimed = await STORE.claim(connection, [won.id, lost.id], NOW)
            assert [take.flight.epoch for take in claimed] == [1, 1]
            assert claimed[0].inputs == won.inputs
        asset = won.digests.inputs
        outcomes = [
            Outcome(won.id, 1, asset=asset, charged=Money(BIG)),
            Outcome(lost.id, 1, error=error),
        ]
        later = NOW + timedelta(seconds=1)
        for _ in range(2):
            async with database.begin() as connection:
                await STORE.finish(connection, outcomes, later)
                await STORE.finish(connection, [], later)
            outcomes = [Outcome(won.id, 1, error=error), Outcome(lost.id, 1, asset=asset)]
        once = {"epoch": 1, "order_no": 1}
        ordered: dict[str, Any] = {**once, "ordered_at": NOW, "finished_at": later}
        succeeded: dict[str, Any] = {
            "status": TakeStatus.SUCCEEDED,
            "asset": asset,
            "charged": Money(BIG),
        }
        assert await read(database, won) == altered(won, **ordered, **succeeded)
        failed: dict[str, Any] = {"status": TakeStatus.FAILED, "error": error}
        assert await read(database, lost) == altered(lost, **ordered, **failed)


@pytest.mark.parametrize("status", TakeStatus)
@pytest.mark.parametrize("provider", ["local", "runware"])
async def test_what_may_be_claimed(sqlite_url: str, status: TakeStatus, provider: str) -> None:
    """Takes that wait are claimed, and free ones again; an order that may cost never is twice."""
    job = a_job()
    take = a_take(job, status=status, provider=provider, epoch=4)
    free = status is TakeStatus.ORDERED and provider == "local"
    wanted = status in (TakeStatus.QUOTED, TakeStatus.HELD) or free
    async with opened(sqlite_url) as database:
        await written(database, job, [take])
        async with database.begin() as connection:
            assert bool(await STORE.unordered(connection, job.id, 0, 10)) == wanted
            claimed = await STORE.claim(connection, [take.id], NOW)
        assert [each.flight.epoch for each in claimed] == ([5] if wanted else [])
        if not wanted:
            assert await read(database, take) == take
        async with database.begin() as connection:
            cancelled = await STORE.cancel_open(connection, job.id, NOW)
        if wanted:
            assert [each.status for each in cancelled] in ([TakeStatus.ORDERED], [])
        else:
            assert cancelled == []


async def test_cancelling_ends_only_what_cost_nothing(database_url: str) -> None:
    """Cancelling answers the takes as they were, fences who holds them, and leaves the rest."""
    job = a_job()
    takes = [
        a_take(job, row, status=status, provider=provider, epoch=2)
        for row, (status, provider) in enumerate(
            [(status, name) for status in TakeStatus for name in ("local", "runware")], start=1
        )
    ]
    async with opened(database_url) as database:
        await written(database, job, takes)
        async with database.begin() as connection:
            ended = await STORE.cancel_open(connection, job.id, NOW)
        assert {(take.status, take.provider) for take in ended} == {
            (TakeStatus.QUOTED, "local"),
            (TakeStatus.QUOTED, "runware"),
            (TakeStatus.HELD, "local"),
            (TakeStatus.HELD, "runware"),
            (TakeStatus.ORDERED, "local"),
        }
        for take in takes:
            after = await read(database, take)
            if take in ended:
                gone: dict[str, Any] = {
                    "status": TakeStatus.CANCELLED,
                    "epoch": 3,
                    "finished_at": NOW,
                }
                assert after == altered(take, **gone)
            else:
                assert after == take
        async with database.begin() as connection:
            late = [Outcome(take.id, 2, asset=take.digests.inputs) for take in ended]
            await STORE.finish(connection, late, NOW)
            current = await STORE.current(connection, [take.id for take in ended])
        assert set(current.values()) == {(TakeStatus.CANCELLED, 3, 0)}


async def test_two_claims_at_once_never_share_an_epoch(database_url: str) -> None:
    """Ten claimants of the same free takes each get an epoch of their own; the last one stands."""
    job = a_job()
    takes = [a_take(job, row) for row in range(1, 6)]
    async with opened(database_url) as database:
        await written(database, job, takes)

        async def claim() -> list[tuple[TakeId, int]]:
            async with database.begin() as connection:
                await JOBS.lock(connection, job.id)
                claimed = await STORE.claim(connection, [take.id for take in takes], NOW)
            return [(take.id, take.flight.epoch) for take in claimed]

        claims = [
            each for made in await asyncio.gather(*(claim() for _ in range(10))) for each in made
        ]
        assert len(claims) == len(set(claims)) == 50
        async with database.begin() as connection:
            await STORE.finish(
                connection,
                [Outcome(take, epoch, charged=Money(epoch)) for take, epoch in claims],
                NOW,
            )
            ended = await STORE.of_rows(connection, job.id, 1, 5)
        assert {(take.flight.epoch, take.charged) for take in ended} == {(10, Money(10))}


async def test_waiting_takes_are_listed_in_order_of_row(database_url: str) -> None:
    """What is to be ordered comes row by row and variant by variant, after a row, bounded."""
    job, other = a_job(), a_job()
    takes = [a_take(job, row, variant) for row in (3, 1, 2) for variant in (2, 1)]
    done = a_take(job, 2, 3, status=TakeStatus.SUCCEEDED)
    places = {take.id: (take.row, take.variant) for take in takes}
    async with opened(database_url) as database:
        await written(database, job, [*takes, done])
        await written(database, other, [a_take(other)])
        async with database.read() as connection:
            listed = await STORE.unordered(connection, job.id, 0, 100)
            assert [places[take] for _, take in listed] == sorted(places.values())
            later = await STORE.unordered(connection, job.id, 1, 3)
            assert [row for row, _ in later] == [2, 2, 3]
            statuses = await STORE.statuses(connection, [done.id, TakeId("tk_nope")])
            assert statuses == {done.id: TakeStatus.SUCCEEDED}


async def test_lists_go_on_where_they_ended(database_url: str) -> None:
    """Takes are listed newest first in pages, by state, model, provider and time, ours only."""
    job = a_job()
    theirs = a_job(workspace=WorkspaceId("other"))
    takes = [
        a_take(
            job,
            n + 1,
            id=TakeId(f"tk_{n:020d}"),
            model=f"m{n % 2}",
            provider=f"p{n % 3}",
            status=TakeStatus.FAILED if n == 4 else TakeStatus.QUOTED,
            created_at=NOW + timedelta(minutes=n),
        )
        for n in range(7)
    ]
    async with opened(database_url) as database:
        await written(database, job, takes)
        await written(database, theirs, [a_take(theirs)])
        async with database.read() as connection:

            async def listed(**query: object) -> list[int]:
                found = await STORE.listed(connection, WORKSPACE, limit=3, **query)  # type: ignore[arg-type]  # any of its arguments
                return [take.row - 1 for take in found]

            assert await listed() == [6, 5, 4]
            assert await listed(before=takes[4].id) == [3, 2, 1]
            assert await listed(status=TakeStatus.FAILED) == [4]
            assert await listed(model="m1") == [5, 3, 1]
            assert await listed(provider="p0", before=takes[6].id) == [3, 0]
            assert await listed(since=NOW + timedelta(minutes=5)) == [6, 5]
            open_takes = await STORE.count_open(connection)
            assert open_takes == {"quoted": 7}
            for name in (takes[0].id[:-1], "tk_nope", ""):
                with pytest.raises(TakeNotFoundError):
                    await STORE.find(connection, WORKSPACE, name)
            with pytest.raises(TakeNotFoundError):
                await STORE.find(connection, WorkspaceId("other"), takes[0].id)


def test_ended_takes_are_never_waiting() -> None:
    """No ended state may be claimed."""
    assert not ENDED & {TakeStatus.QUOTED, TakeStatus.HELD, TakeStatus.ORDERED}
