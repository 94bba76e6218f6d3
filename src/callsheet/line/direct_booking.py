"""Booking single generations: many accepted, paid for and written down as ordered in one commit."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.availability import availability_of
from callsheet.controls.errors import IdempotencyMismatchError
from callsheet.controls.model import Request
from callsheet.controls.store import AnswerStore
from callsheet.jobs.many import add_singles
from callsheet.jobs.model import Entry, Job, JobStatus, Shot, ShotStatus
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.steady import steady_s
from callsheet.line.context import LineContext
from callsheet.line.progress import locked
from callsheet.orders.payloads import PreparedOrder
from callsheet.orders.settlement import holding_of, tell_crossings
from callsheet.ports.hosted import HostedProvider
from callsheet.ports.models import ModelCard, ModelDisabledError
from callsheet.takes.limits import room
from callsheet.takes.model import Take, TakeStatus, moved
from callsheet.takes.standing import row_entry

_STALE_S: Final = 60.0  # after an order has settled: by then it has ended, or is in other hands


@dataclass(frozen=True, slots=True)
class Wish:
    """One generation that somebody asks for: its job of one shot and one take, and the request."""

    job: Job
    shot: Shot
    take: Take
    card: ModelCard
    request: Request | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A wish whose order is worded."""

    wish: Wish
    provider: HostedProvider
    order: PreparedOrder


@dataclass(frozen=True, slots=True)
class Booked:
    """An order that is written down, and is to be sent now by whoever wrote it."""

    job: Job
    order: PreparedOrder


@dataclass(frozen=True, slots=True)
class Replayed:
    """The same request was answered before, with this take."""

    take: TakeId


class Elsewhere(Enum):
    """Nothing was written: the provider takes no order at once now, the ordinary way may wait."""

    NOW = "now"


Booking = Booked | Replayed | Elsewhere


@dataclass(slots=True)
class _Group:
    """The wishes of one transaction and what becomes of each."""

    wishes: Sequence[Prepared]
    told: dict[int, Booking | Exception] = field(default_factory=dict)
    added: set[int] = field(default_factory=set)  # whose keys this transaction wrote down
    crossings: dict[int, list[Entry]] = field(default_factory=dict)

    @property
    def open(self) -> list[tuple[int, Prepared]]:
        return [(at, each) for at, each in enumerate(self.wishes) if at not in self.told]


@dataclass(frozen=True, slots=True)
class Booker:
    """Books wishes for one process, which is called `who` among those that claim takes."""

    ctx: LineContext
    answers: AnswerStore
    who: str

    async def book(self, wishes: Sequence[Prepared]) -> list[Booking | Exception]:
        """Accept, hold money for and write down as ordered; all of it in one transaction.

        Who is answered `Booked` sends at once: from before the commit on, the order counts as open
        in this process. Raises UnavailableError, and then nothing is written, or nothing is sent.
        """
        ctx, now, group = self.ctx, self.ctx.books.clock(), _Group(wishes)
        orders = {(each.wish.take.id, 1) for each in wishes}
        ctx.runtime.sending.update(orders)
        booked: set[tuple[TakeId, int]] = set()
        try:
            async with ctx.books.database.begin(small=True) as connection:
                twins = await self._claim_keys(connection, group, now)
                await self._refuse_closed(connection, group, now)
                await self._leave_what_must_wait(connection, group, now)
                await self._hold(connection, group, now)
                await self._let_go_of_keys(connection, group)
                await self._write(connection, group, now)
            for at, first in twins.items():
                group.told[at] = _as_twin(wishes[first], group.told[first])
            booked = {
                (each.order.take.id, 1) for each in group.told.values() if isinstance(each, Booked)
            }
        finally:
            ctx.runtime.sending.difference_update(orders - booked)
        return [group.told[at] for at in range(len(wishes))]

    async def _claim_keys(
        self, connection: AsyncConnection, group: _Group, now: datetime
    ) -> dict[int, int]:
        """Write down which take answers which key; answers which wishes repeat one of the group."""
        first: dict[tuple[WorkspaceId, str], int] = {}
        twins: dict[int, int] = {}
        for at, each in group.open:
            request, workspace = each.wish.request, each.wish.job.workspace
            if request is None:
                continue
            before = first.setdefault((workspace, request.key), at)
            if before == at:
                continue
            same = group.wishes[before].wish.request
            if same is not None and same.fingerprint != request.fingerprint:
                group.told[at] = IdempotencyMismatchError(request.key)
            else:
                twins[at] = before
        rows = [
            (workspace, request, {"take": group.wishes[at].wish.take.id})
            for (workspace, _), at in sorted(first.items())
            if (request := group.wishes[at].wish.request) is not None
        ]
        added = await self.answers.add_many(connection, rows, now)
        for (workspace, key), at in first.items():
            request = group.wishes[at].wish.request
            if (workspace, key) in added:
                group.added.add(at)
            elif request is not None:
                group.told[at] = await self._repeated(connection, workspace, request)
        for at in twins:  # decided when its twin is
            group.told[at] = Elsewhere.NOW
        return twins

    async def _repeated(
        self, connection: AsyncConnection, workspace: WorkspaceId, request: Request
    ) -> Booking | Exception:
        try:
            answer = await self.answers.find(connection, workspace, request)
        except IdempotencyMismatchError as error:
            return error
        # None: forgotten in this very moment, after a day
        return Elsewhere.NOW if answer is None else Replayed(TakeId(answer["take"]))

    async def _refuse_closed(
        self, connection: AsyncConnection, group: _Group, now: datetime
    ) -> None:
        switches = await self.ctx.books.switches.all(connection)
        for at, each in group.open:
            closed = switches.closed(each.wish.card, now.date())
            if closed is not None:
                group.told[at] = ModelDisabledError(each.wish.card.id, closed)

    async def _leave_what_must_wait(
        self, connection: AsyncConnection, group: _Group, now: datetime
    ) -> None:
        """Leave to the ordinary way what a provider takes no order for now."""
        by_provider: dict[str, list[int]] = defaultdict(list)
        for at, each in group.open:
            by_provider[each.provider.name].append(at)
        for name, places in sorted(by_provider.items()):
            provider = group.wishes[places[0]].provider
            if provider.pace.bounds_orders:
                await self.ctx.books.availability.lock(connection, name)
            free = await room(connection, name, provider.pace, len(places), now)
            for at in places[free:]:
                group.told[at] = Elsewhere.NOW
        availabilities = await self.ctx.books.availability.all(connection)
        for at, each in group.open:
            availability = availability_of(availabilities, each.provider.name)
            key = availability_of(availabilities, each.provider.name, each.order.order.key.print)
            if availability.is_shut or key.is_shut or availability.resting_until > now.timestamp():
                group.told[at] = Elsewhere.NOW

    async def _hold(self, connection: AsyncConnection, group: _Group, now: datetime) -> None:
        """Set each one's money aside; what a budget has no room for is refused."""
        by_workspace: dict[WorkspaceId, list[int]] = defaultdict(list)
        for at, each in group.open:
            by_workspace[each.wish.job.workspace].append(at)
        day = now.date().isoformat()
        for _, places in sorted(by_workspace.items()):
            takes = [_with_hold(group.wishes[at].wish.take, day) for at in places]
            holdings = [holding_of(take) for take in takes]
            refused, crossings = await self.ctx.books.money.hold_each(connection, holdings, now)
            for at, take, error in zip(places, takes, refused, strict=True):
                group.told[at] = error or self._booked(group.wishes[at], take, now)
            booked = [at for at in places if isinstance(group.told[at], Booked)]
            if booked and crossings:
                job = group.wishes[booked[-1]].wish.job
                incidents = tell_crossings(self.ctx.books, locked(self.ctx.jobs, job), crossings)
                group.crossings[booked[-1]] = [Entry(each.kind, each.body) for each in incidents]

    async def _let_go_of_keys(self, connection: AsyncConnection, group: _Group) -> None:
        """Forget the keys of what was not written after all: it may be asked for again."""
        lost = [
            (group.wishes[at].wish.job.workspace, request.key)
            for at in sorted(group.added)
            if not isinstance(group.told[at], Booked)
            and (request := group.wishes[at].wish.request) is not None
        ]
        await self.answers.let_go(connection, lost)

    def _booked(self, each: Prepared, take: Take, now: datetime) -> Booked:
        """Word the take and its job as they stand when the order may go out."""
        flight = replace(
            take.flight,
            epoch=1,
            order_no=1,
            order_digest=each.order.digest,
            due_at=now.timestamp() + each.provider.settles_s,
            claimed_by=self.who,
        )
        times = replace(take.times, ordered_at=now)
        ordered = replace(take, status=TakeStatus.ORDERED, flight=flight, times=times)
        asked = each.wish.job
        job = replace(
            asked,
            status=JobStatus.RUNNING,
            tally=replace(asked.tally, takes=moved([(None, TakeStatus.ORDERED)])),
            cost=replace(asked.cost, held=take.price),
            times=replace(asked.times, started_at=now),
        )
        send_by = steady_s() + each.provider.settles_s / 6
        order = replace(each.order.order, send_by=send_by)
        return Booked(job, replace(each.order, take=ordered, order=order))

    async def _write(self, connection: AsyncConnection, group: _Group, now: datetime) -> None:
        """Write what is booked: jobs, shots, journals and takes."""
        booked = [
            (group.wishes[at], each, group.crossings.get(at, []))
            for at, each in sorted(group.told.items())
            if isinstance(each, Booked)
        ]
        if not booked:
            return
        singles, due = [], {}
        for wish, each, crossings in booked:
            shot = replace(wish.wish.shot, status=ShotStatus.RUNNING)
            take = each.order.take
            entries = [
                Entry("created", {"take": take.id}),
                Entry("stage", {"stage": each.job.work.stage, "round": each.job.work.round}),
                row_entry(1, shot.scene_id, shot.status, [take]),
                *crossings,
            ]
            singles.append((each.job, shot, entries))
            due[each.job.id] = now.timestamp() + wish.provider.settles_s + _STALE_S
        await add_singles(connection, singles, due)
        await self.ctx.books.takes.add(connection, [each.order.take for _, each, _ in booked])


def _as_twin(first: Prepared, told: Booking | Exception) -> Booking | Exception:
    """Answer who asked the same at the same time as the first was answered."""
    return Replayed(first.wish.take.id) if isinstance(told, Booked) else told


def _with_hold(take: Take, day: str) -> Take:
    """Word a take with its first hold, of a day (UTC)."""
    return replace(take, flight=replace(take.flight, held_on=day, holds=1))
