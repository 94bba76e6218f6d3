"""Ending single generations: many charged, told and finished in one commit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.lineage import add_lineage, of_take
from callsheet.assets.model import Asset
from callsheet.jobs.many import Finished, finish_singles, lock_all
from callsheet.jobs.model import DONE, Cost, Counts, Entry, Job, JobStatus, ShotStatus
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.kernel.logs import event
from callsheet.kernel.money import Money
from callsheet.line.context import LOG, LineContext
from callsheet.line.progress import locked
from callsheet.line.stages import deliver, render
from callsheet.money.model import Settlement
from callsheet.orders.settlement import holding_of, tell_crossings
from callsheet.takes.at_once import MadeAtOnce, end_made
from callsheet.takes.missing import others_tickets
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.standing import row_entry


@dataclass(frozen=True, slots=True)
class MadeOne:
    """What an order was answered with, in our store, and the scene that it is of."""

    made: MadeAtOnce
    asset: Asset
    scene_id: str


async def end_all(ctx: LineContext, group: Sequence[MadeOne]) -> list[Take | None]:
    """End takes whose orders were answered; answers each as it is then.

    None for one that does not stand any more as whoever sent its order left it: it was cancelled,
    or somebody took it over. Nothing is written of it here. Raises UnavailableError.
    """
    now = ctx.books.clock()
    async with ctx.books.database.begin(small=True) as connection:
        jobs = await lock_all(connection, {each.made.take.job for each in group})
        standing = await ctx.books.takes.current(connection, [each.made.take.id for each in group])
        repeated = await _repeated(connection, group)
        ending = [
            each
            for each in group
            if each.made.take.id not in repeated
            and _stands(each.made.take, standing)
            and _goes_on(jobs[each.made.take.job])
        ]
        if ending:
            await _write(ctx, connection, ending, jobs, now)
    ended = {each.made.take.id: _ended(each.made, now) for each in ending}
    _count(ctx, ending, jobs)
    return [ended.get(each.made.take.id) for each in group]


async def _repeated(connection: AsyncConnection, group: Sequence[MadeOne]) -> set[TakeId]:
    """Name takes whose tickets others have; a ticket that is our own take's id is no other's."""
    by_provider: dict[str, list[tuple[TakeId, str]]] = defaultdict(list)
    for each in group:
        if each.made.ticket != each.made.take.id:
            by_provider[each.made.take.provider].append((each.made.take.id, each.made.ticket))
    repeated: set[TakeId] = set()
    for name, given in by_provider.items():
        repeated |= await others_tickets(connection, name, given)
    return repeated


def _stands(take: Take, standing: dict[TakeId, tuple[TakeStatus, int, int]]) -> bool:
    as_sent = (TakeStatus.ORDERED, take.flight.epoch, take.flight.order_no)
    return standing.get(take.id) == as_sent


def _goes_on(job: Job) -> bool:
    in_order = job.work.stage == render.STEP.stage and not job.work.paused
    return in_order and job.status is JobStatus.RUNNING


async def _write(
    ctx: LineContext,
    connection: AsyncConnection,
    ending: Sequence[MadeOne],
    jobs: Mapping[JobId, Job],
    now: datetime,
) -> None:
    await ctx.books.assets.add(connection, [each.asset for each in ending])
    await end_made(connection, [each.made for each in ending], now)
    facts = [of_take(each.made.take, [each.asset.sha256], now) for each in ending]
    await add_lineage(connection, [fact for of_one in facts for fact in of_one])
    entries = await _settle(ctx, connection, ending, jobs, now)
    finished = [
        Finished(
            job=jobs[each.made.take.job],
            released=each.made.take.price if each.made.take.flight.held_on else Money(),
            charged=each.made.charged,
            entries=_told(each, jobs[each.made.take.job], entries[each.made.take.id], now),
        )
        for each in ending
    ]
    await finish_singles(connection, finished, now)
    await ctx.jobs.notifier.notify_all(connection, [each.job.id for each in finished])
    await ctx.jobs.outbox.ended(connection, [_as_ended(each, now) for each in finished])


def _as_ended(each: Finished, now: datetime) -> Job:
    """Say how a job stands once it is finished."""
    job = each.job
    return replace(
        job,
        status=JobStatus.SUCCEEDED,
        tally=replace(job.tally, takes=Counts(succeeded=1)),
        cost=Cost(job.cost.quoted, job.cost.held - each.released, job.cost.charged + each.charged),
        times=replace(job.times, updated_at=now, finished_at=now),
        work=replace(job.work, stage=DONE),
    )


def _told(each: MadeOne, job: Job, crossings: Sequence[Entry], now: datetime) -> list[Entry]:
    """Word what the journal of a job says of its end, as it does of any other's."""
    take = _ended(each.made, now)
    charged = job.cost.charged + take.charged
    return [
        row_entry(take.row, each.scene_id, ShotStatus.SUCCEEDED, [take]),
        *crossings,
        Entry("stage", {"stage": deliver.STEP.stage, "round": job.work.round}),
        Entry("finished", {"status": JobStatus.SUCCEEDED, "charged": str(charged)}),
    ]


async def _settle(
    ctx: LineContext,
    connection: AsyncConnection,
    ending: Sequence[MadeOne],
    jobs: Mapping[JobId, Job],
    now: datetime,
) -> dict[TakeId, list[Entry]]:
    """Turn holds into charges; what budgets were crossed is told by the last take's job."""
    by_workspace: dict[WorkspaceId, list[MadeOne]] = defaultdict(list)
    for each in ending:
        by_workspace[each.made.take.workspace].append(each)
    entries: dict[TakeId, list[Entry]] = defaultdict(list)
    for _, group in sorted(by_workspace.items()):
        held = [each.made for each in group if each.made.take.flight.held_on]
        settlements = [Settlement(holding_of(made.take), made.charged) for made in held]
        crossings = await ctx.books.money.settle(connection, settlements, now)
        last = group[-1].made.take
        incidents = tell_crossings(ctx.books, locked(ctx.jobs, jobs[last.job]), crossings)
        entries[last.id] += [Entry(each.kind, each.body) for each in incidents]
    return entries


def _ended(made: MadeAtOnce, now: datetime) -> Take:
    return replace(
        made.take,
        status=TakeStatus.SUCCEEDED,
        asset=made.asset,
        charged=made.charged,
        note=made.note,
        flight=replace(
            made.take.flight,
            ticket=made.ticket,
            outputs=made.outputs,
            due_at=None,
            claimed_by=None,
            held_on=None,
        ),
        times=replace(
            made.take.times,
            running_at=made.answered_at,
            adopting_at=made.answered_at,
            finished_at=now,
        ),
    )


def _count(ctx: LineContext, ending: Sequence[MadeOne], jobs: Mapping[JobId, Job]) -> None:
    for each in ending:
        job = jobs[each.made.take.job]
        ctx.books.metrics.orders.labels(each.made.take.provider, "accepted").inc()
        ctx.books.metrics.takes.labels(TakeStatus.SUCCEEDED).inc()
        ctx.books.metrics.jobs.labels(job.kind, JobStatus.SUCCEEDED).inc()
        LOG.info("job.finished", extra=event(job=job.id, status=JobStatus.SUCCEEDED, takes=1))
