"""What was learnt of an order says nothing of the next one, and of none that somebody else has."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from tests.support.hosted import Simulator, check_money, simulating
from tests.support.in_process import generated, settled, working
from tests.support.processes import Place
from tests.support.rooms import a_job, a_take, altered

from callsheet.engine.lease import EXECUTORS
from callsheet.kernel.ids import LOCAL_WORKSPACE, TakeId
from callsheet.orders.loops import ClaimKeeper
from callsheet.orders.reconciler import ask_person, put_back
from callsheet.orders.resolutions import Resolution
from callsheet.settings import read_settings
from callsheet.takes.claims import Claim
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.tables import TAKES
from callsheet.wiring import Callsheet, build

LOST = {"route": "create", "faults": {"fail_before_accept": "500"}}


async def doubted(cs: Callsheet, sim: Simulator, orders: int) -> Take:
    """Have a take whose answers to so many orders were lost; no list reaches back to them."""
    cs.line.providers.hosted["replicate"].lists_for_s = 0.5
    sim.faults(next=[{**LOST, "count": orders}])
    return await generated(cs, "a lighthouse")


async def settled_as(cs: Callsheet, take: TakeId, wanted: Callable[[Take], bool]) -> Take:
    """Wait until a take rests or has ended, as is wanted."""
    async with asyncio.timeout(40):
        while True:
            found = await settled(cs, take)
            if wanted(found):
                return found
            await asyncio.sleep(0.05)


async def test_stale_reconciler_moves_nothing_that_was_ordered_again(tmp_path: Path) -> None:
    """It read its list for too long: the take is in doubt again, about another order."""
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            stale = await doubted(cs, sim, 2)
            assert stale.status is TakeStatus.IN_DOUBT
            never = Resolution.NEVER_ORDERED
            await cs.reconciler.decide(LOCAL_WORKSPACE, stale.id, never, "a test")
            now = await settled_as(
                cs, stale.id, lambda take: take.flight.order_no > stale.flight.order_no
            )
            assert now.status is TakeStatus.IN_DOUBT
            for act in (put_back, ask_person):
                await act(cs.line, stale)
                await act(cs.line, altered(stale, epoch=now.flight.epoch))
                await act(cs.line, altered(now, epoch=now.flight.epoch - 1))
                assert await settled(cs, stale.id) == now
            async with cs.database.begin() as connection:
                moved = await cs.line.books.in_flight.move(connection, stale, TakeStatus.HELD)
            assert not moved
            await cs.reconciler.decide(LOCAL_WORKSPACE, stale.id, never, "a test")
            await settled_as(cs, stale.id, lambda take: take.status is TakeStatus.SUCCEEDED)
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 1)


async def test_claims_last_as_long_as_the_work(database_url: str, tmp_path: Path) -> None:
    """While one looks nobody else does, however long; what it gives back is left alone."""
    cs = await build(read_settings(data_dir=tmp_path / "data", database_url=database_url))
    try:
        await cs.ready()
        ctx, flight, job = cs.line, cs.line.books.in_flight, a_job()
        takes = [
            a_take(
                job,
                row,
                provider="replicate",
                ticket=f"t{row}",
                status=TakeStatus.RUNNING,
                due_at=0.0,
            )
            for row in (1, 2)
        ]
        async with cs.database.begin() as connection:
            await ctx.jobs.store.add(connection, job)
            await ctx.books.takes.add(connection, takes)

        async def claimed(who: str) -> list[Take]:
            claim = Claim(who, ctx.books.clock(), 2.5)
            async with cs.database.begin() as connection:
                return await flight.claim_to_look_at(connection, {TakeStatus.RUNNING}, claim, 9)

        mine = await claimed("anna")
        assert len(mine) == 2
        keeper = ClaimKeeper(ctx, 2.5)
        keeper.add(mine)
        given_back = ctx.books.clock().timestamp() + 1_000
        async with cs.database.begin() as connection:
            await flight.look_later(connection, [(mine[1], given_back)])
        for _ in range(6):
            await keeper.turn()
            await asyncio.sleep(0.6)
            assert await claimed("bert") == []
        keeper.drop(mine)
        await keeper.turn()
        await asyncio.sleep(3)
        [found] = await claimed("bert")
        assert found.id == mine[0].id
        keeper.add(mine)
        await keeper.turn()  # no claim of another's is made longer
        async with cs.database.read() as connection:
            after = await ctx.books.takes.of_any_workspace(connection, found.id)
        assert after == found
    finally:
        await cs.close()


async def test_order_that_may_be_in_hand_is_nobodys_to_judge(
    database_url: str, tmp_path: Path
) -> None:
    """Whatever clocks say: its request is open here, or a process that lives has it."""
    cs = await build(read_settings(data_dir=tmp_path / "data", database_url=database_url))
    try:
        await cs.ready()
        ctx, job = cs.line, a_job()
        waiting = a_take(job, provider="replicate", claimed_by="anna")
        take = altered(waiting, status=TakeStatus.ORDERED, due_at=0.0)
        async with cs.database.begin() as connection:
            await ctx.jobs.store.add(connection, job)
            await ctx.books.takes.add(connection, [take])

        async def claimed(who: str, *sending: TakeId) -> bool:
            statuses = {TakeStatus.ORDERED, TakeStatus.IN_DOUBT}
            async with cs.database.begin() as connection:
                found = await ctx.books.in_flight.claim_to_look_at(
                    connection, statuses, Claim(who, ctx.books.clock(), 0), 9, sending=sending
                )
                await ctx.books.in_flight.free_claims(connection, who, ctx.books.clock())
            return bool(found)

        assert not await claimed("anna", take.id)
        if ctx.books.in_flight.living is not None:  # others are at it, too
            async with cs.database.begin() as connection:
                await connection.execute(sa.insert(EXECUTORS).values(id="anna", beat_at=0.0))
            assert not await claimed("bert")
            async with cs.database.begin() as connection:  # somebody took it for dead
                await ctx.books.in_flight.free_claims(connection, "anna", ctx.books.clock())
            assert not await claimed("bert")
            async with cs.database.begin() as connection:
                await connection.execute(sa.delete(EXECUTORS))
        assert not await claimed("bert", take.id)
        assert await claimed("bert")
    finally:
        await cs.close()


async def test_order_of_an_earlier_process_counts_from_our_own_start(tmp_path: Path) -> None:
    """By the clock it is ten minutes old: that may have been set since, and nobody knows."""
    url = f"sqlite:///{tmp_path}/callsheet.db"
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            take = await doubted(cs, sim, 1)
            assert take.status is TakeStatus.IN_DOUBT
            old = cs.line.books.clock() - timedelta(minutes=10)
            async with cs.database.begin() as connection:
                again = sa.update(TAKES).values(ordered_at=old, error=None, due_at=None)
                await connection.execute(again)
        async with working(tmp_path, sim) as cs:
            began = cs.line.books.clock()
            async with cs.database.begin() as connection:
                await connection.execute(sa.update(TAKES).values(due_at=began.timestamp()))
            made = await settled_as(cs, take.id, lambda each: each.status is TakeStatus.SUCCEEDED)
            assert made.times.ordered_at is not None
            settles_s = cs.line.providers.hosted["replicate"].settles_s
            assert (made.times.ordered_at - began).total_seconds() > settles_s - 1
        check_money(Place(tmp_path, url), sim, 1)
