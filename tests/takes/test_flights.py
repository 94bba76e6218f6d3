"""Random flights of hosted takes: only legal moves, and only by whoever holds the claim.

Two workers claim, order, write tickets, look, adopt and end takes, die and come back as zombies
that go on with claims that are no longer theirs. After every step each row has moved as the table
allows, and a claim that has passed has written nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

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
from callsheet.jobs.model import Job
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import TakeId, new_id
from callsheet.takes.claims import Claim
from callsheet.takes.in_flight import InFlightStore, Ticketed
from callsheet.takes.model import (
    ENDED,
    TAKE_MOVES,
    WAITING,
    Outcome,
    Take,
    TakeStatus,
    sources,
)
from callsheet.takes.store import TakeStore

T = TypeVar("T")
S = TakeStatus
WORKERS = ("anna", "bert")
LOOKED_AT = frozenset({S.ORDERED, S.IN_DOUBT, S.RUNNING, S.ADOPTING})
OUTPUTS = {"urls": ["https://x.test/a.png"], "cost": None}

LEGAL = {status: {status, *moves} for status, moves in TAKE_MOVES.items()}


@dataclass(frozen=True)
class Grip:
    """A claim that a worker believes to hold, on the take as it was then."""

    who: str
    take: Take


class Flights(DatabaseMachine):
    """A few takes of one provider, in a real database, and who believes to hold them."""

    def __init__(self, runner: asyncio.Runner, database: SqlDatabase) -> None:
        super().__init__(runner, database)
        self.flight, self.takes = InFlightStore(), TakeStore()
        self.provider = new_id("p")
        self.job: Job = a_job()
        self.seconds = 0
        self.rows: dict[TakeId, Take] = {}
        self.grips: list[Grip] = []

    @initialize(count=st.integers(1, 4))
    def begin(self, count: int) -> None:
        """Write takes that wait to be ordered."""
        takes = [a_take(self.job, row, provider=self.provider) for row in range(1, count + 1)]

        async def write(connection: AsyncConnection) -> None:
            await JobStore().add(connection, self.job)
            await self.takes.add(connection, takes)
            await self.flight.release(connection, [take.id for take in takes], 1, self.now)

        self.do(write)
        self.rows = {take.id: take for take in takes}
        self._check(set(self.rows))

    @property
    def now(self) -> datetime:
        """The time, which only rules move on."""
        return NOW + timedelta(seconds=self.seconds)

    @rule(seconds=st.sampled_from([1, 30, 120]))
    def wait(self, seconds: int) -> None:
        """Let time pass: claims run out."""
        self.seconds += seconds

    @rule(who=st.sampled_from(WORKERS), limit=st.integers(1, 3))
    def claim_to_order(self, who: str, limit: int) -> None:
        """Claim what waits; nobody gets a take that is not due."""
        claim = Claim(who, self.now, 60)
        found = self.do(lambda c: self.flight.claim_to_order(c, self.provider, claim, limit))
        assert all(take.status in WAITING for take in found)
        self._grip(who, found)

    @rule(who=st.sampled_from(WORKERS), limit=st.integers(1, 3))
    def claim_to_look(self, who: str, limit: int) -> None:
        """Claim what is out and due."""
        claim = Claim(who, self.now, 60)
        found = self.do(lambda c: self.flight.claim_to_look_at(c, LOOKED_AT, claim, limit))
        mine = [take for take in found if take.provider == self.provider]
        assert all(take.status in LOOKED_AT for take in mine)
        self._grip(who, mine)

    def _grip(self, who: str, takes: list[Take]) -> None:
        for take in takes:
            before = self.rows[take.id]
            assert take.flight.epoch == before.flight.epoch + 1
            assert before.flight.due_at is not None
            assert before.flight.due_at <= self.now.timestamp()
            self.grips.append(Grip(who, take))
        self._check({take.id for take in takes})

    @precondition(lambda self: self.grips)
    @rule(data=st.data())
    def order(self, data: st.DataObject) -> None:
        """Write an order down, under a claim that may have passed; then speak of that order."""
        grip = self._choose(data)
        take = altered(grip.take, held_on="2026-03-01", holds=1)
        orders = [(take, sha256_of(take.id.encode()))]
        due_at = self.now.timestamp() + 60
        self._write(grip, lambda c: self.flight.order(c, orders, self.now, due_at), WAITING)
        if self.rows[take.id].flight.order_no == take.flight.order_no + 1:
            self.grips.append(Grip(grip.who, altered(take, order_no=take.flight.order_no + 1)))

    @precondition(lambda self: self.grips)
    @rule(data=st.data(), made=st.booleans())
    def ticket(self, data: st.DataObject, made: bool) -> None:  # noqa: FBT001  # drawn
        """Write a ticket down; one that comes with its output goes straight to adoption."""
        grip = self._choose(data)
        to, outputs = (S.ADOPTING, OUTPUTS) if made else (S.RUNNING, None)
        told = Ticketed(grip.take, f"t-{grip.take.id}", to, outputs, self.now.timestamp())
        self._write(grip, lambda c: self.flight.ticket(c, [told], self.now), sources(to))

    @precondition(lambda self: self.grips)
    @rule(data=st.data())
    def made(self, data: st.DataObject) -> None:
        """Write down where outputs lie."""
        grip = self._choose(data)
        work = [(grip.take, OUTPUTS)]
        self._write(grip, lambda c: self.flight.made(c, work, self.now), sources(S.ADOPTING))

    @precondition(lambda self: self.grips)
    @rule(data=st.data())
    def doubt(self, data: st.DataObject) -> None:
        """Say that nobody knows what became of an order."""
        grip = self._choose(data)
        self._write(grip, lambda c: self.flight.doubt(c, [grip.take]), sources(S.IN_DOUBT))

    @precondition(lambda self: self.grips)
    @rule(data=st.data(), seconds=st.integers(0, 100))
    def renew(self, data: st.DataObject, seconds: int) -> None:
        """Keep a claim that holds yet and was not given back."""
        grip = self._choose(data)
        until = self.now.timestamp() + seconds
        if self.rows[grip.take.id].flight.claimed_by is None:
            self._write(grip, lambda c: self.flight.renew(c, [grip.take], until), frozenset())
        else:
            self._write(
                grip, lambda c: self.flight.renew(c, [grip.take], until), frozenset(S) - ENDED
            )

    @precondition(lambda self: self.grips)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        """Move a take somewhere, believing that it is as it was read."""
        grip = self._choose(data)
        legal = sorted(TAKE_MOVES[grip.take.status] - ENDED)
        if not legal:
            return
        to, before = data.draw(st.sampled_from(legal)), self.rows[grip.take.id]
        as_read = _read_as(before) == _read_as(grip.take) and before.status is grip.take.status
        moved = self.do(lambda c: self.flight.move(c, grip.take, to))
        assert moved == as_read
        self._check({grip.take.id} if as_read else set())

    @precondition(lambda self: self.grips)
    @rule(data=st.data(), seconds=st.none() | st.integers(0, 100))
    def give_back(self, data: st.DataObject, seconds: int | None) -> None:
        """Give a take back, to be looked at later or never."""
        grip = self._choose(data)
        due_at = None if seconds is None else self.now.timestamp() + seconds
        looks = [(grip.take, due_at)]
        self._write(grip, lambda c: self.flight.look_later(c, looks), frozenset(S) - ENDED)

    @precondition(lambda self: self.grips)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        """Report an end, under a claim that may have passed."""
        grip = self._choose(data)
        if grip.take.status is not S.ADOPTING:
            return
        outcome = Outcome(grip.take.id, grip.take.flight.epoch, asset=sha256_of(b"x"))
        adopting = frozenset({S.ADOPTING})
        self._write(grip, lambda c: self.takes.finish(c, [outcome], self.now), adopting)

    @rule(who=st.sampled_from(WORKERS))
    def die(self, who: str) -> None:
        """Free what a worker holds; as a zombie it keeps believing in its claims."""
        mine = {take.id for take in self.rows.values() if take.flight.claimed_by == who}
        self.do(lambda c: self.flight.free_claims(c, who, self.now))
        self._check(mine)

    @rule()
    def called(self) -> None:
        """Hear by webhook that something happened: what is out is due, and no look's any more."""
        for take in self.rows:
            self.do(partial(self._wake, take))
        self._check(set(self.rows))

    async def _wake(self, take: TakeId, connection: AsyncConnection) -> None:
        await self.flight.wake(connection, take, self.now)

    @rule()
    def told(self) -> None:
        """Hear on an open line that orders ended: what runs is due, and no look's any more."""
        tickets = {take.flight.ticket: take.id for take in self.rows.values() if take.flight.ticket}
        running = {take.id for take in self.rows.values() if take.status is S.RUNNING}
        heard = [*tickets, "unheard of"]
        found = self.do(lambda c: self.flight.wake_ended(c, self.provider, heard, self.now))
        assert found == set(tickets)
        epochs = {take: self.rows[take].flight.epoch for take in running}
        self._check(running)
        for take in running:
            assert self.rows[take].flight.due_at == self.now.timestamp()
            assert self.rows[take].flight.epoch == epochs[take] + 1

    @rule()
    def release(self) -> None:
        """Resume the job, as a person does: what waits is due."""
        self.do(lambda c: self.flight.release(c, [*self.rows], 1, self.now))
        self._check(set(self.rows))

    @invariant()
    def tickets_are_nobody_elses(self) -> None:
        """Every ticket belongs to one take, and every ended take is let go."""
        tickets = [take.flight.ticket for take in self.rows.values() if take.flight.ticket]
        assert len(set(tickets)) == len(tickets)
        for take in self.rows.values():
            if take.status in ENDED:
                assert (take.flight.due_at, take.flight.claimed_by, take.flight.held_on) == (
                    None,
                    None,
                    None,
                )

    def _choose(self, data: st.DataObject) -> Grip:
        return data.draw(st.sampled_from(self.grips))

    def _write(
        self,
        grip: Grip,
        work: Callable[[AsyncConnection], Awaitable[object]],
        allowed: frozenset[TakeStatus],
    ) -> None:
        """Do something under a claim; it shows only if the claim holds and the state allows it."""
        before = self.rows[grip.take.id]
        holds = _read_as(before) == _read_as(grip.take) and before.status in allowed
        self.do(work)
        self._check({grip.take.id} if holds else set())

    def _check(self, may_change: set[TakeId]) -> None:
        """Compare every row with what it was: legal moves, and only where they may be."""
        found = self.do(self._read)
        for take_id, take in found.items():
            before = self.rows[take_id]
            if take_id not in may_change:
                assert take == before
            assert take.status in LEGAL[before.status]
            assert take.flight.epoch >= before.flight.epoch
        self.rows = found

    async def _read(self, connection: AsyncConnection) -> dict[TakeId, Take]:
        return {
            take: await self.takes.of_any_workspace(connection, take) for take in sorted(self.rows)
        }


def _read_as(take: Take) -> tuple[int, int]:
    return take.flight.epoch, take.flight.order_no


EXAMPLES = {"sqlite": (25, 30), "postgresql": (8, 20)}


def test_flights_are_right_whatever_happens(database_url: str) -> None:
    """Any sequence of claims, deaths and zombies moves takes only as they may."""
    run_machine(Flights, database_url, EXAMPLES)
