"""What takes are due for, and waking them by what a provider says of its tickets."""

from datetime import timedelta
from functools import partial

from tests.support.rooms import NOW, a_job, a_take, opened

from callsheet.jobs.store import JobStore
from callsheet.ports.hosted import WebhookNote
from callsheet.takes.claims import Claim
from callsheet.takes.in_flight import InFlightStore
from callsheet.takes.inbox import WebhookStore
from callsheet.takes.model import TakeStatus
from callsheet.takes.store import TakeStore
from callsheet.takes.waking import Due

S = TakeStatus


async def test_running_takes_are_woken_and_a_look_that_began_before_is_void(
    database_url: str,
) -> None:
    """Only what runs there falls due; the follower who looked before cannot put it off."""
    flight, store, job = InFlightStore(), TakeStore(), a_job()
    due = NOW.timestamp()
    running, ended, elsewhere = (
        a_take(job, row, provider=provider, status=status, ticket=f"t{row}", due_at=due)
        for row, (provider, status) in enumerate(
            [("here", S.RUNNING), ("here", S.ADOPTING), ("there", S.RUNNING)], start=1
        )
    )
    later = NOW + timedelta(seconds=9)
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await JobStore().add(connection, job)
            await store.add(connection, [running, ended, elsewhere])
            assert await flight.tickets_running(connection, "here") == {"t1"}
            assert await flight.is_out(connection, "here")
            assert not await flight.is_out(connection, "nowhere")
            claim = Claim("anna", NOW, 60)
            looked_at = await flight.claim_to_look_at(connection, {S.RUNNING}, claim, 9)
        async with database.begin() as connection:
            said = ["t1", "t2", "t3", "t4"]
            assert await flight.wake_ended(connection, "here", said, later) == {"t1", "t2"}
        async with database.begin() as connection:
            await flight.look_later(connection, [(take, due + 600) for take in looked_at])
            after = {
                take.id: take.flight.due_at
                for take in await store.of_rows(connection, job.id, 1, 3)
            }
    woken = later.timestamp()
    assert after == {running.id: woken, ended.id: due, elsewhere.id: due + 600}


async def test_one_look_tells_what_is_due(database_url: str) -> None:
    """Each loop is woken for its own takes, once their time has come."""
    flight, store, job = InFlightStore(), TakeStore(), a_job()
    waits, runs, made = (NOW + timedelta(seconds=n) for n in (1, 2, 3))
    takes = [
        a_take(job, row, status=status, due_at=due.timestamp())
        for row, (status, due) in enumerate(
            [(S.QUOTED, waits), (S.IN_DOUBT, runs), (S.ADOPTING, made)], start=1
        )
    ]
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await JobStore().add(connection, job)
            await store.add(connection, takes)
        async with database.read() as connection:
            seen = [await flight.due(connection, now) for now in (NOW, waits, runs, made)]
    assert seen == [
        Due(to_order=False, to_follow=False, to_bring=False),
        Due(to_order=True, to_follow=False, to_bring=False),
        Due(to_order=True, to_follow=True, to_bring=False),
        Due(to_order=True, to_follow=True, to_bring=True),
    ]


async def test_takes_are_claimed_by_where_they_run(database_url: str) -> None:
    """Those of one provider, or of all but some, the longest due first; all are counted."""
    flight, store, job = InFlightStore(), TakeStore(), a_job()
    takes = [
        a_take(job, row, provider=provider, status=status, due_at=NOW.timestamp() - row)
        for row, (provider, status) in enumerate(
            [("a", S.RUNNING), ("b", S.RUNNING), ("a", S.IN_DOUBT), ("c", S.RUNNING)] * 2, start=1
        )
    ]
    claim = Claim("anna", NOW, 60)
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await JobStore().add(connection, job)
            await store.add(connection, takes)
        async with database.begin() as connection:
            claimed = partial(flight.claim_to_look_at, connection, {S.RUNNING}, claim)
            assert [take.row for take in await claimed(1, of="a")] == [5]
            assert {take.provider for take in await claimed(9, but={"a", "b"})} == {"c"}
            assert await flight.ask_to_cancel(connection, job.id, NOW)
            assert {take.row for take in await claimed(9, but={"a", "b"})} == {1, 2, 4, 5, 6, 8}
            assert await flight.count_running(connection, "a") == 2
            assert await flight.count_running(connection, "nowhere") == 0


async def test_what_a_webhook_woke_is_claimed_whatever_is_excepted(database_url: str) -> None:
    """Of an excepted provider only what it called of just now, not what merely fell due."""
    flight, store, job = InFlightStore(), TakeStore(), a_job()
    called, long_ago, silent = takes = [
        a_take(job, row, provider="a", status=S.RUNNING, due_at=NOW.timestamp() - late_s)
        for row, late_s in enumerate([0, 60, 0], start=1)
    ]
    async with opened(database_url) as database, database.begin() as connection:
        await JobStore().add(connection, job)
        await store.add(connection, takes)
        for number, take in enumerate([called, long_ago]):
            note = WebhookNote(f"w{number}", f"t{number}")
            await WebhookStore().keep(connection, "a", note, take.id, b"{}", NOW)
        claim = Claim("anna", NOW, 60)
        found = await flight.claim_to_look_at(connection, {S.RUNNING}, claim, 9, but={"a"})
        assert [take.id for take in found] == [called.id]
        found = await flight.claim_to_look_at(connection, {S.RUNNING}, claim, 9)
        assert {take.id for take in found} == {long_ago.id, silent.id}


async def test_nobody_waits_for_a_row_that_is_being_written(postgres_url: str) -> None:
    """A ticket whose row is locked is not dealt with, and not waited for: two cannot block."""
    flight, store, job = InFlightStore(), TakeStore(), a_job()
    take = a_take(job, provider="here", status=S.RUNNING, ticket="t1", due_at=NOW.timestamp())
    async with opened(postgres_url) as database:
        async with database.begin() as connection:
            await JobStore().add(connection, job)
            await store.add(connection, [take])
        async with database.begin() as writing, database.begin() as connection:
            await store.current(writing, [take.id])  # as whoever ends a take begins
            assert await flight.wake_ended(connection, "here", ["t1"], NOW) == set()
        async with database.begin() as connection:
            assert await flight.wake_ended(connection, "here", ["t1"], NOW) == {"t1"}
