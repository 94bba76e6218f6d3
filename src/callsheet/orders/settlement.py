"""How takes end: outcome, asset, money, row and job, written down in one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import Asset
from callsheet.jobs.model import Change, Entry, Job, JobStatus, Stage
from callsheet.kernel.logs import event
from callsheet.kernel.money import Money
from callsheet.line.house import LOG, House
from callsheet.line.transitions import leave
from callsheet.money.model import Crossing, Holding, Settlement
from callsheet.ports.hosted import NotReachedError, UntrustedError
from callsheet.ports.models import ProviderError
from callsheet.takes.model import TAKE_MOVES, Outcome, Take, TakeStatus, moved
from callsheet.takes.standing import first_error, newest, row_entry, summed_up

_AWAY: Final = frozenset({NotReachedError.code, UntrustedError.code})
_TRIED: Final = frozenset({TakeStatus.ORDERED, TakeStatus.HELD})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a take ended that was claimed under `take.epoch`; `asset` is what was made.

    `others` came with it; they are kept, and are no take's.
    """

    take: Take
    outcome: Outcome
    asset: Asset | None = None
    others: tuple[Asset, ...] = ()


@dataclass(slots=True)
class Moves:
    """What a transaction did to a job's takes: to be written into the job in one go."""

    moves: list[tuple[TakeStatus | None, TakeStatus | None]] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    held: int = 0
    charged: int = 0
    entries: list[Entry] = field(default_factory=list)

    def add(self, take: Take, to: TakeStatus) -> None:
        """Count one take's move."""
        self.moves.append((take.status, to))
        self.rows.add(take.row)


def failure(take: Take, error: ProviderError, charged: Money | None = None) -> Ending:
    """Word the end of a take that failed; without `charged` all of its hold is given back."""
    said = {"code": error.code, "message": str(error), "next_step": error.next_step}
    return Ending(take, Outcome(take.id, take.epoch, error=said, charged=charged or Money()))


def cancelled(take: Take) -> Ending:
    """Word the end of a take that is not wanted any more and of which nothing was ordered."""
    return Ending(take, Outcome(take.id, take.epoch, cancelled=True))


def holding_of(take: Take) -> Holding:
    """Name the hold that is open for a take."""
    return Holding(
        take=take.id,
        epoch=take.holds,
        amount=take.price,
        job=take.job,
        model=take.model,
        provider=take.provider,
        workspace=take.workspace,
        day=take.held_on or "",
    )


async def end(
    house: House, connection: AsyncConnection, job: Job, endings: Sequence[Ending], into: Moves
) -> list[Ending]:
    """End takes of a locked job, once: those that somebody claimed, or ordered, since are left out.

    Money that was held is charged as far as the outcome says, and the rest given back.
    """
    current = await house.takes.current(connection, [each.take.id for each in endings])
    valid = [
        each
        for each in endings
        if each.take.id in current and _may_end(each, *current[each.take.id])
    ]
    made = [asset for each in valid for asset in (each.asset, *each.others) if asset]
    await house.assets.add(connection, made)
    await house.takes.finish(connection, [each.outcome for each in valid], house.clock())
    await settle(house, connection, job, valid, into)
    for each in valid:
        into.moves.append((current[each.take.id][0], each.outcome.status))
        into.rows.add(each.take.row)
        house.metrics.takes.labels(each.outcome.status).inc()
    return valid


def _may_end(ending: Ending, status: TakeStatus, epoch: int, order_no: int) -> bool:
    as_read = (epoch, order_no) == (ending.outcome.epoch, ending.take.order_no)
    return as_read and ending.outcome.status in TAKE_MOVES[status]


async def settle(
    house: House, connection: AsyncConnection, job: Job, endings: Sequence[Ending], into: Moves
) -> None:
    """Turn open holds into charges and releases."""
    into.charged += sum(each.outcome.charged.micros for each in endings)
    held = [each for each in endings if each.take.held_on]
    if not held:
        return
    settlements = [Settlement(holding_of(each.take), each.outcome.charged, None) for each in held]
    crossings = await house.money.settle(connection, settlements, house.clock())
    into.held -= sum(each.take.price.micros for each in held)
    into.entries += tell_crossings(house, job, crossings)


def tell_crossings(house: House, job: Job, crossings: Sequence[Crossing]) -> list[Entry]:
    """Say that budgets are nearly or wholly used up: in the log, and in the job's journal.

    One that a provider's charge took past its limit is an error: a person must hear of it.
    """
    entries = []
    for crossing in crossings:
        said = {
            "budget": crossing.scope,
            "share": crossing.share,
            "committed": str(crossing.committed),
            "limit": str(crossing.limit),
        }
        where = {"workspace": job.workspace, "job": job.id}
        if crossing.overrun > Money():
            said["overrun"] = str(crossing.overrun)
            LOG.error("budget.overrun", extra=event(**where, **said))
            house.metrics.overruns.labels(crossing.scope).inc()
        else:
            LOG.warning("budget.crossed", extra=event(**where, **said))
        entries.append(Entry("budget", said))
    return entries


async def write_moves(
    house: House,
    connection: AsyncConnection,
    job: Job,
    into: Moves,
    values: dict[str, Any] | None = None,
) -> None:
    """Bring a locked job up to date with what was done to its takes, and send it on if done."""
    if into.moves or into.entries or values:
        entries = [*into.entries, *await sum_up_rows(house, connection, job, into.rows)]
        moving = job.status in (JobStatus.QUEUED, JobStatus.WAITING) and not job.paused
        if waits_for(job) and all(to in _TRIED for _, to in into.moves):
            moving = False  # one more order was tried: that says nothing yet
        going_on = {"status": JobStatus.RUNNING, "problem": None} if moving else {}
        change = Change(
            takes=moved(into.moves),
            held=Money(into.held),
            charged=Money(into.charged),
            values={**going_on, **(values or {})},
        )
        job = await house.record(connection, job, entries, change)
    await finish_if_done(house, connection, job)


def waits_for(job: Job, provider: str = "") -> bool:
    """Tell whether a job waits because a provider, or this one, is not reached."""
    problem = job.problem or {}
    named = problem.get("provider") == provider or not provider
    return problem.get("code") in _AWAY and named


async def sum_up_rows(
    house: House, connection: AsyncConnection, job: Job, rows: Collection[int]
) -> list[Entry]:
    """Bring rows up to date with their takes; the journal entries that tell it."""
    if not rows:
        return []
    scenes = await house.jobs.scenes(connection, job.id, rows)
    takes = newest(await house.takes.of_these_rows(connection, job.id, rows))
    entries, changed = [], []
    for row, scene_id in scenes.items():
        status = summed_up(takes[row])
        entries.append(row_entry(row, scene_id, status, takes[row]))
        changed.append({"row": row, "status": status, "error": first_error(takes[row])})
    await house.jobs.set_shots(connection, job.id, changed)
    return entries


async def finish_if_done(house: House, connection: AsyncConnection, job: Job) -> None:
    """Send a locked job on when none of its takes is open."""
    if job.takes.open == 0 and job.stage is Stage.RENDER and not job.paused:
        await leave(house, connection, job)
