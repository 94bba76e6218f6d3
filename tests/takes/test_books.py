"""Random lives of a job: counters, journal and takes agree at every moment, on both databases.

The machine claims, finishes, cancels and retries takes as the line does, and it also does what
only twins and zombies do: it reports outcomes under epochs that have passed.
"""

import asyncio
from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from tests.support.machines import DatabaseMachine, run_machine
from tests.support.rooms import NOW, a_job, a_take, altered

from callsheet.database.connections import SqlDatabase
from callsheet.jobs.model import Change, Entry, Job
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import TakeId
from callsheet.kernel.money import Money
from callsheet.takes.model import Outcome, Take, TakeStatus, counted, moved
from callsheet.takes.standing import newest
from callsheet.takes.store import TakeStore

JOBS, TAKES = JobStore(), TakeStore()
PROVIDERS = ("local", "runware")
ROWS, VARIANTS = 3, 2


@dataclass(frozen=True)
class Held:
    """A claim somebody holds, maybe for too long."""

    take: TakeId
    epoch: int


class Books(DatabaseMachine):
    """One job, written to a real database, beside what it should be."""

    def __init__(self, runner: asyncio.Runner, database: SqlDatabase) -> None:
        super().__init__(runner, database)
        self.job: Job = a_job()
        self.takes: dict[TakeId, Take] = {}
        self.claims: list[Held] = []
        self.charged = 0

    @initialize(providers=st.lists(st.sampled_from(PROVIDERS), min_size=ROWS, max_size=ROWS))
    def write_the_job(self, providers: list[str]) -> None:
        """Begin with every variant of every row quoted."""
        takes = [
            a_take(self.job, row, variant, provider=provider)
            for row, provider in enumerate(providers, start=1)
            for variant in range(1, VARIANTS + 1)
        ]

        async def write(connection: AsyncConnection) -> None:
            await JOBS.add(connection, self.job)
            locked = await JOBS.lock(connection, self.job.id)
            await TAKES.add(connection, takes)
            change = Change(takes=moved((None, take.status) for take in takes))
            await JOBS.change(connection, locked, change, [Entry("created", {})], NOW)

        self.do(write)
        self.takes = {take.id: take for take in takes}

    @rule(data=st.data())
    def claim(self, data: st.DataObject) -> None:
        """Claim some takes, in whatever state they are."""
        wanted = data.draw(st.lists(st.sampled_from(list(self.takes)), unique=True))

        async def work(connection: AsyncConnection) -> list[Take]:
            locked = await JOBS.lock(connection, self.job.id)
            before = await TAKES.statuses(connection, wanted)
            claimed = await TAKES.claim(connection, wanted, NOW)
            moves = [(before[take.id], take.status) for take in claimed]
            entries = [Entry("row", {"take": take.id}) for take in claimed]
            await JOBS.change(connection, locked, Change(takes=moved(moves)), entries, NOW)
            return claimed

        claimed = self.do(work)
        assert {take.id for take in claimed} == {name for name in wanted if self._claimable(name)}
        for take in claimed:
            old = self.takes[take.id]
            ordered = altered(old, status=TakeStatus.ORDERED, ordered_at=NOW)
            new = altered(ordered, epoch=old.flight.epoch + 1, order_no=old.flight.order_no + 1)
            self.takes[take.id] = new
            self.claims.append(Held(take.id, new.flight.epoch))

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), worked=st.booleans(), cents=st.integers(0, 9))
    def report(self, data: st.DataObject, cents: int, *, worked: bool) -> None:
        """Report the outcome of a claim, fresh or long passed, or of one that never was."""
        held = data.draw(st.sampled_from(self.claims))
        epoch = held.epoch + data.draw(st.sampled_from([0, 0, 0, 1, -1]))
        asset = sha256_of(held.take.encode()) if worked else None
        outcome = Outcome(
            held.take,
            epoch,
            asset=asset,
            charged=Money(cents if worked else 0),
            error=None if worked else {"code": "refused"},
        )
        old = self.takes[held.take]
        valid = (old.status, old.flight.epoch) == (TakeStatus.ORDERED, epoch)

        async def work(connection: AsyncConnection) -> None:
            locked = await JOBS.lock(connection, self.job.id)
            current = await TAKES.current(connection, [held.take])
            assert (current[held.take][:2] == (TakeStatus.ORDERED, epoch)) == valid
            await TAKES.finish(connection, [outcome], NOW)
            if valid:
                change = Change(
                    takes=moved([(TakeStatus.ORDERED, outcome.status)]), charged=outcome.charged
                )
                entries = [Entry("row", {"take": held.take}), Entry("spent", {})]
                await JOBS.change(connection, locked, change, entries, NOW)

        self.do(work)
        if valid:
            self.charged += outcome.charged.micros
            self.takes[held.take] = altered(
                old,
                status=outcome.status,
                asset=outcome.asset,
                charged=outcome.charged,
                error=outcome.error,
                finished_at=NOW,
            )

    @rule()
    def cancel(self) -> None:
        """Cancel whatever nothing was spent on."""

        async def work(connection: AsyncConnection) -> list[Take]:
            locked = await JOBS.lock(connection, self.job.id)
            ended = await TAKES.cancel_open(connection, self.job.id, NOW)
            moves = [(take.status, TakeStatus.CANCELLED) for take in ended]
            entry = Entry("cancelled", {"takes": len(ended)})
            await JOBS.change(connection, locked, Change(takes=moved(moves)), [entry], NOW)
            return ended

        ended = self.do(work)
        expected = {name for name in self.takes if self._claimable(name)}
        assert {take.id for take in ended} == expected
        for name in expected:
            old = self.takes[name]
            gone: dict[str, Any] = {
                "status": TakeStatus.CANCELLED,
                "finished_at": NOW,
                "epoch": old.flight.epoch + 1,
            }
            self.takes[name] = altered(old, **gone)

    @precondition(lambda self: self._failed())
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        """Put a new attempt in the place of one that failed."""
        old = data.draw(st.sampled_from(self._failed()))
        new = a_take(self.job, old.row, old.variant, old.attempt + 1, provider=old.provider)

        async def work(connection: AsyncConnection) -> None:
            locked = await JOBS.lock(connection, self.job.id)
            await TAKES.add(connection, [new])
            change = Change(takes=moved([(old.status, None), (None, new.status)]))
            await JOBS.change(connection, locked, change, [Entry("quoted", {})], NOW)

        self.do(work)
        self.takes[new.id] = new

    @rule()
    def break_off(self) -> None:
        """Do everything at once, and let the transaction fail at its end."""

        async def work(connection: AsyncConnection) -> None:
            locked = await JOBS.lock(connection, self.job.id)
            await TAKES.claim(connection, list(self.takes), NOW)
            await TAKES.cancel_open(connection, self.job.id, NOW)
            await JOBS.change(connection, locked, Change(rows=5), [Entry("x", {})] * 3, NOW)
            raise BreakOffError

        with pytest.raises(BreakOffError):
            self.do(work)

    @invariant()
    def books_are_right(self) -> None:
        """Compare rows with what they should be, counters with a recount, and count the journal."""
        if not self.takes:
            return

        async def look(connection: AsyncConnection) -> tuple[Job, list[Take], list[int]]:
            job = await JOBS.of_any_workspace(connection, self.job.id)
            takes = await TAKES.of_rows(connection, self.job.id, 1, ROWS)
            told = await JOBS.journal(connection, self.job.id, 0, 10_000)
            return job, takes, [entry.sequence for entry in told]

        job, takes, told = self.do(look)
        found = {take.id: replace(take, inputs=self.takes[take.id].inputs) for take in takes}
        assert found == self.takes
        recount = counted(take.status for row in newest(takes).values() for take in row)
        assert asdict(job.tally.takes) == asdict(recount)
        assert recount.total == ROWS * VARIANTS
        assert told == list(range(1, job.work.sequence + 1))
        assert job.cost.charged.micros == self.charged == sum(take.charged.micros for take in takes)

    def _claimable(self, name: TakeId) -> bool:
        take = self.takes[name]
        if take.status is TakeStatus.ORDERED:
            return take.provider == "local"
        return take.status in (TakeStatus.QUOTED, TakeStatus.HELD)

    def _failed(self) -> list[Take]:
        last = [take for row in newest(self.takes.values()).values() for take in row]
        return [take for take in last if take.status is TakeStatus.FAILED]


class BreakOffError(Exception):
    """What happens at the end of a transaction that shall leave nothing."""


EXAMPLES = {"sqlite": (20, 25), "postgresql": (6, 15)}


def test_books_are_right_whatever_happens(database_url: str) -> None:
    """Any sequence of claims, outcomes old and new, cancels and retries keeps the books right."""
    run_machine(Books, database_url, EXAMPLES)
