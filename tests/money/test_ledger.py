"""Random lives of a ledger: it sums to zero and keeps every budget, whatever is done.

The machine holds, settles, repeats itself, changes budgets, charges more than was set aside and
breaks off in the middle; beside the database runs a model of plain numbers.
"""

import asyncio
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.support.machines import DatabaseMachine, run_machine
from tests.support.rooms import NOW, opened

from callsheet.database.connections import SqlDatabase
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId, new_id
from callsheet.kernel.money import Money
from callsheet.money.errors import BudgetExceededError
from callsheet.money.model import (
    Account,
    BudgetKey,
    Crossing,
    Holding,
    Scope,
    Settlement,
    settled,
)
from callsheet.money.service import MoneyService
from callsheet.money.store import LedgerStore

T = TypeVar("T")
JOBS = [JobId("job_a"), JobId("job_b")]
DAYS = [NOW.date().isoformat(), "2026-03-02"]
AMOUNTS = st.integers(min_value=0, max_value=1_000)


class BreakOffError(Exception):
    """What happens at the end of a transaction that shall leave nothing."""


class Ledger(DatabaseMachine):
    """One workspace's money, written to a real database, beside what it should be."""

    def __init__(self, runner: asyncio.Runner, database: SqlDatabase) -> None:
        super().__init__(runner, database)
        self.purse = MoneyService()
        self.workspace = WorkspaceId(new_id("ws"))
        self.open: dict[TakeId, Holding] = {}
        self.ended: list[Settlement] = []
        self.spent = self.funds = 0
        self.committed: Counter[tuple[Scope, str]] = Counter()
        self.limits: dict[tuple[Scope, str], int] = {}

    @rule(
        amounts=st.lists(AMOUNTS, min_size=1, max_size=4),
        job=st.sampled_from(JOBS),
        day=st.sampled_from(DAYS),
        broken=st.booleans(),
    )
    def hold(self, amounts: list[int], job: JobId, day: str, broken: bool) -> None:  # noqa: FBT001  # drawn
        """Set money aside, all of it or none; a break-off leaves nothing."""
        new = [self._holding(amount, job, day) for amount in amounts]
        total = sum(amounts)
        keys = [(Scope.ALL, ""), (Scope.DAY, day), (Scope.JOB, str(job))]
        over = total > 0 and any(
            self.committed[key] + total > limit
            for key in keys
            if (limit := self._limit(key)) is not None
        )
        try:
            crossings = self.do(partial(self._hold, new, broken))
        except BudgetExceededError:
            assert over
            return
        except BreakOffError:
            assert broken
            return
        assert not over
        self._check_crossings(crossings, keys, total)
        self.open |= {each.take: each for each in new if each.amount > Money()}
        self.committed.update(dict.fromkeys(keys, total))

    @rule(
        amounts=st.lists(AMOUNTS, min_size=1, max_size=6),
        again=st.booleans(),
        job=st.sampled_from(JOBS),
        day=st.sampled_from(DAYS),
    )
    def hold_most(self, amounts: list[int], again: bool, job: JobId, day: str) -> None:  # noqa: FBT001  # drawn
        """Set aside as many as all budgets cover, beside what is set aside already."""
        new = [self._holding(amount, job, day) for amount in amounts]
        held = sorted(self.open.values(), key=lambda each: each.take)[:2] if again else []
        wanted = [*held, *new]
        expected = next(n for n in range(len(wanted), -1, -1) if self._covers(wanted[:n]))
        most = self.do(lambda c: self.purse.hold_most(c, wanted, NOW))
        assert most.count == expected
        assert (most.refused is None) == (most.count == len(wanted))
        added = [each for each in wanted[:expected] if each in new]
        keys = [(Scope.ALL, ""), (Scope.DAY, day), (Scope.JOB, str(job))]
        total = sum(each.amount.micros for each in added)
        self._check_crossings(list(most.crossings), keys, total)
        self.open |= {each.take: each for each in added if each.amount > Money()}
        self.committed.update(dict.fromkeys(keys, total))

    def _covers(self, holdings: list[Holding]) -> bool:
        """Tell by plain sums whether each budget that these fall under covers them."""
        after, paid = Counter(self.committed), [each for each in holdings if each.amount > Money()]
        under = {key for each in paid for key in _keys(each)}
        for each in paid:
            if each.take not in self.open:
                after.update(dict.fromkeys(_keys(each), each.amount.micros))
        return all(after[key] <= limit for key in under if (limit := self._limit(key)) is not None)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def hold_again(self, data: st.DataObject) -> None:
        """Doing it twice is doing it once."""
        holding = data.draw(st.sampled_from(sorted(self.open.values(), key=lambda each: each.take)))
        assert self.do(partial(self._hold, [holding], False)) == []

    @precondition(lambda self: self.open)
    @rule(data=st.data(), charged=AMOUNTS)
    def settle(self, data: st.DataObject, charged: int) -> None:
        """End a hold; a charge beyond it is written, because it is spent."""
        holding = data.draw(st.sampled_from(sorted(self.open.values(), key=lambda each: each.take)))
        settlement = Settlement(holding, Money(charged))
        crossings = self.do(lambda c: self.purse.settle(c, [settlement], NOW))
        change = charged - holding.amount.micros
        keys = list(_keys(holding))
        self._check_overruns([each for each in crossings if each.overrun > Money()], keys, change)
        plain = [each for each in crossings if each.overrun == Money()]
        self._check_crossings(plain, keys, change)
        del self.open[holding.take]
        self.ended.append(settlement)
        self.spent += charged
        self.committed.update(dict.fromkeys(keys, change))

    @precondition(lambda self: self.ended)
    @rule(data=st.data(), charged=AMOUNTS)
    def settle_again(self, data: st.DataObject, charged: int) -> None:
        """Leave what is settled as it was, whatever a twin says about it."""
        told = data.draw(st.sampled_from(self.ended))
        if not told.charged.micros:
            charged = 0  # a charge may still come for what was only given back
        again = replace(told, charged=Money(charged))
        assert self.do(lambda c: self.purse.settle(c, [again], NOW)) == []

    @rule(scope=st.sampled_from(list(Scope)), limit=st.none() | st.integers(0, 5_000))
    def set_budget(self, scope: Scope, limit: int | None) -> None:
        """Bound what may be committed, or let it be."""
        key = str(JOBS[0]) if scope is Scope.JOB else ""
        money = None if limit is None else Money(limit)
        self.do(
            lambda c: self.purse.set_budget(
                c, self.workspace, scope, key, money, by="a test", now=NOW
            )
        )
        self.limits.pop((scope, key), None)
        if limit is not None:
            self.limits[scope, key] = limit

    @rule(amount=st.integers(-500, 500).filter(bool))
    def adjust(self, amount: int) -> None:
        """Fill the purse, or correct it."""
        self.do(
            lambda c: self.purse.adjust(
                c, self.workspace, Money(amount), reason="a test", by="a test", now=NOW
            )
        )
        self.funds += amount

    @invariant()
    def accounts_are_right(self) -> None:
        """Four accounts, which sum to zero, are what the model says."""
        found = self.do(lambda c: self.purse.store.balances(c, self.workspace))
        held = sum(each.amount.micros for each in self.open.values())
        assert found[Account.HELD].micros == held
        assert found[Account.SPENT].micros == self.spent
        assert found[Account.FUNDS].micros == self.funds - held - self.spent
        assert found[Account.OUTSIDE].micros == -self.funds
        assert self.do(self.purse.store.sum_of_all) == Money()

    @invariant()
    def commitments_are_right(self) -> None:
        """Compare what is committed under each key with what is held or spent there."""
        for key, amount in self.committed.items():
            found = self.do(partial(self.purse.store.committed, workspace=self.workspace, key=key))
            assert found.micros == amount, key

    async def _hold(
        self,
        holdings: list[Holding],
        broken: bool,  # noqa: FBT001  # drawn
        connection: AsyncConnection,
    ) -> list[Crossing]:
        crossings = await self.purse.hold(connection, holdings, NOW)
        if broken:
            raise BreakOffError
        return crossings

    def _holding(self, amount: int, job: JobId, day: str) -> Holding:
        take = TakeId(new_id("tk"))
        return Holding(take, 1, Money(amount), job, "model", "provider", self.workspace, day)

    def _limit(self, key: tuple[Scope, str]) -> int | None:
        return self.limits.get((Scope.DAY, "") if key[0] is Scope.DAY else key)

    def _check_overruns(
        self, overruns: list[Crossing], keys: list[tuple[Scope, str]], change: int
    ) -> None:
        """Compare budgets said to be passed by a charge beyond its quote with those that are."""
        expected = {
            key
            for key in keys
            if change > 0
            and (limit := self._limit(key)) is not None
            and self.committed[key] + change > limit
        }
        assert {(Scope(each.scope), each.key) for each in overruns} == expected
        assert all(each.overrun.micros == change for each in overruns)

    def _check_crossings(
        self, crossings: list[Crossing], keys: list[tuple[Scope, str]], change: int
    ) -> None:
        expected = {
            (key, share)
            for key in keys
            for share in (90, 100)
            if (limit := self._limit(key)) is not None
            and self.committed[key] * 100 < limit * share <= (self.committed[key] + change) * 100
        }
        found = {((Scope(each.scope), each.key), each.share) for each in crossings}
        assert found == expected
        assert len(crossings) == len(expected)


def _keys(holding: Holding) -> tuple[tuple[Scope, str], ...]:
    return (Scope.ALL, ""), (Scope.DAY, holding.day), (Scope.JOB, str(holding.job))


EXAMPLES = {"sqlite": (25, 25), "postgresql": (8, 15)}


def test_ledger_is_right_whatever_happens(database_url: str) -> None:
    """Any sequence of holds, charges, repeats and budgets keeps the books right."""
    run_machine(Ledger, database_url, EXAMPLES)


async def test_two_orders_at_once_never_pass_a_budget(database_url: str) -> None:
    """Twenty transactions want a tenth of a budget each: ten of them get it."""
    purse, workspace = MoneyService(), WorkspaceId("local")
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await purse.set_budget(
                connection, workspace, Scope.ALL, "", Money(100), by="a test", now=NOW
            )

        async def hold(number: int) -> bool:
            holding = Holding(
                TakeId(f"tk_{number}"), 1, Money(10), JOBS[number % 2], "m", "p", workspace, DAYS[0]
            )
            try:
                async with database.begin() as connection:
                    await purse.hold(connection, [holding], NOW)
            except BudgetExceededError:
                return False
            return True

        held = await asyncio.gather(*(hold(number) for number in range(20)))
        assert sum(held) == 10
        async with database.read() as connection:
            with pytest.raises(BudgetExceededError, match="left"):
                await purse.affordable(connection, workspace, Money(1), NOW)


async def test_rows_of_new_budgets_are_locked_without_a_ring(postgres_url: str) -> None:
    """Two who want the same budgets, one of which saw more of their rows, do not block each other.

    The first sees none, and is still making the last row when the second sees the first of them.
    """
    store, workspace = LedgerStore(), WorkspaceId("local")
    first, middle, last = (Scope.ALL, ""), (Scope.DAY, DAYS[0]), (Scope.JOB, str(JOBS[0]))
    assert first < middle < last, "rows are made in this order"

    async with opened(postgres_url) as database:

        async def lock(*keys: BudgetKey) -> None:
            async with database.begin() as connection:
                await store.lock(connection, workspace, keys)

        async with database.begin() as has_last:
            await store.lock(has_last, workspace, [last])
            async with database.begin() as has_first:
                await store.lock(has_first, workspace, [first])
                saw_none = asyncio.create_task(lock(first, middle, last))
                await until_blocked(database, has_first, 1)
            await until_blocked(database, has_last, 1)  # it has made the one in the middle
            saw_one = asyncio.create_task(lock(first, middle))
            await until_blocked(database, None, 2)
        await asyncio.gather(saw_none, saw_one)


async def until_blocked(database: SqlDatabase, by: AsyncConnection | None, sessions: int) -> None:
    """Wait until so many sessions wait for one, or for any."""
    holder = await by.scalar(sa.text("SELECT pg_backend_pid()")) if by is not None else None
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity, pg_blocking_pids(pid) AS holders"
        " WHERE datname = current_database() AND cardinality(holders) > 0"
        " AND (CAST(:holder AS integer) IS NULL OR :holder = ANY(holders))"
    )
    async with asyncio.timeout(30), database.read() as connection:
        while await connection.scalar(waiting, {"holder": holder}) != sessions:  # noqa: ASYNC110  # it tells nobody
            await asyncio.sleep(0.01)


def test_settlement_of_nothing_moves_nothing() -> None:
    """A free take has no postings."""
    holding: Any = Holding(
        TakeId("tk"), 1, Money(), JOBS[0], "m", "p", WorkspaceId("local"), DAYS[0]
    )
    assert settled(Settlement(holding, Money())) == []
