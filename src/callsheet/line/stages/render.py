"""RENDER: takes are ordered in chunks; the last one to end sends the job on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import Asset, asset_key
from callsheet.assets.service import Adopted
from callsheet.intake.model import RunMode
from callsheet.jobs.model import Job
from callsheet.kernel.errors import Failure
from callsheet.kernel.ids import JobId, TakeId
from callsheet.line.context import LineContext
from callsheet.line.pipeline import Step
from callsheet.line.progress import locked
from callsheet.line.reuse import answered_from_store
from callsheet.line.together import together
from callsheet.line.tools import StageTools
from callsheet.line.transitions import in_stage, stage_payload
from callsheet.orders.progress import Moves
from callsheet.orders.settlement import TakeEnding, end
from callsheet.ports.engine import Payload
from callsheet.ports.models import Delivered, Kind, ModelCard, Order, ProviderError
from callsheet.ports.pictures import (
    FrameReference,
    ReferenceMode,
    StudioUnavailableError,
    UnreadablePictureError,
)
from callsheet.takes.model import Outcome, Take, TakeStatus

ORDER_WORK: Final = "order"
CHUNK_ROWS: Final = 100
_GROUP_S: Final = 1.0  # a group of takes is claimed, made and written down in about this time
_SMALLEST_GROUP: Final = 4
_STUDIO_TRIES: Final = 3


async def render(tools: StageTools, payload: Payload) -> None:
    """Split what waits into chunks of rows and hand each to a work of its own.

    Before anything is ordered for money, the store knows every take that may be: a database lost
    in the next second leaves no order behind that nobody remembers.
    """
    ctx = tools.ctx
    async with ctx.books.database.read() as connection:
        job = await ctx.jobs.store.of_any_workspace(connection, JobId(payload["job"]))
    if job.run_mode is RunMode.LIVE and in_stage(job, payload, STEP):
        await tools.write_through(job.id)
    after, rank = 0, 0
    while True:
        async with ctx.books.database.begin() as connection:
            job = await ctx.jobs.store.lock(connection, JobId(payload["job"]))
            if not in_stage(job, payload, STEP):
                return
            rank += 1
            waiting = await ctx.books.takes.unordered(connection, job.id, after, CHUNK_ROWS * 3 + 1)
            if not waiting:
                await ctx.progress.report(connection, locked(ctx.jobs, job), Moves())
                return
            # all variants of a row go in one chunk: no two chunks ever write the same row
            cut = waiting[-1][0] if len(waiting) > CHUNK_ROWS * 3 else waiting[-1][0] + 1
            chunk = [take for row, take in waiting if row < cut]
            after = cut - 1
            if job.run_mode is RunMode.LIVE:
                chunk = await answered_from_store(ctx, connection, job, chunk)
            await send_out(ctx, connection, job, chunk, rank)


async def send_out(
    ctx: LineContext, connection: AsyncConnection, job: Job, takes: Sequence[TakeId], rank: int
) -> None:
    """Let takes be made; the first chunk of any job goes before any second one.

    Those of the local studio go to one `order` work. Hosted ones are released to whoever orders:
    an order may have to wait for a provider's limits, and no work of the engine waits for anything.
    """
    local = await ctx.books.takes.local_of(connection, takes)
    hosted = set(takes) - set(local)
    if hosted:
        await ctx.books.in_flight.release(connection, hosted, rank, ctx.books.clock())
        ctx.runtime.wake_submitter.set()
    if not local:
        return
    takes = local
    work_id = f"{ORDER_WORK}:{job.id}:{job.work.round}:{takes[0]}"
    payload = {**stage_payload(job), "takes": list(takes)}
    await ctx.jobs.queue.enqueue(connection, ORDER_WORK, work_id, payload, rank=rank)


async def order(ctx: LineContext, payload: Payload) -> None:
    """Make the takes of one chunk, group by group.

    Each transaction writes down one group's outcomes and claims the next group, so a kill at any
    line loses at most one group of unrecorded work, and the claim's epoch keeps a twin from
    recording it a second time.
    """
    left = [TakeId(take) for take in payload["takes"]]
    outcomes: list[TakeEnding] = []
    while True:
        async with ctx.books.database.begin() as connection:
            job = await ctx.jobs.store.lock(connection, JobId(payload["job"]))
            wanted = in_stage(job, payload, STEP)
            size = await _group_size(ctx, connection, left) if wanted else 0
            group, left = left[:size], left[size:]
            claimed = await _turn(ctx, connection, job, outcomes, group)
        if not claimed and (not left or not wanted):
            return
        outcomes = await _make(ctx, job, claimed)


async def _group_size(ctx: LineContext, connection: AsyncConnection, left: Sequence[TakeId]) -> int:
    if not left:
        return 0
    model = await ctx.books.takes.model_of(connection, left[0])
    expected = ctx.providers.catalog.card(model).expected_s / ctx.parallel
    return max(_SMALLEST_GROUP, min(CHUNK_ROWS, int(_GROUP_S / expected)))


async def _turn(
    ctx: LineContext,
    connection: AsyncConnection,
    job: Job,
    endings: Sequence[TakeEnding],
    group: Sequence[TakeId],
) -> list[Take]:
    """Write one group's outcomes down and claim the next, in the caller's transaction."""
    into = Moves()
    held = locked(ctx.jobs, job)
    await end(ctx, connection, held, endings, into)
    before = await ctx.books.takes.statuses(connection, group)
    claimed = await ctx.books.takes.claim(connection, group, ctx.books.clock())
    for take in claimed:
        into.add(replace(take, status=before[take.id]), TakeStatus.ORDERED)
    if into.moves or not group:
        await ctx.progress.report(connection, held, into)
    return claimed


async def _make(ctx: LineContext, job: Job, takes: Sequence[Take]) -> list[TakeEnding]:
    """Order a group's takes side by side and adopt what comes back; nothing is written down."""
    return await together(_make_one(ctx, job, take) for take in takes)


async def _make_one(ctx: LineContext, job: Job, take: Take) -> TakeEnding:
    try:
        adopted, note = await _made_and_adopted(ctx, take)
    except (ProviderError, UnreadablePictureError) as error:
        return TakeEnding(
            take, Outcome(take.id, take.flight.epoch, error=Failure.of(error).to_json())
        )
    asset = Asset(
        sha256=adopted.sha256,
        workspace=job.workspace,
        size=adopted.size,
        created_at=ctx.books.clock(),
        made_from={"take": take.id, "model": take.model},
        **adopted.seen.facts,
    )
    outcome = Outcome(
        take.id,
        take.flight.epoch,
        asset=adopted.sha256,
        charged=take.price,
        note=note or None,
    )
    return TakeEnding(take, outcome, asset)


async def _made_and_adopted(ctx: LineContext, take: Take) -> tuple[Adopted, str | None]:
    """Order a take and bring the result home, with what its maker notes.

    A drawing process that dies is tried again a few times, then blamed on this picture: work that
    kills its worker must not be repeated for ever.
    """
    card = ctx.providers.catalog.card(take.model)
    for tries in range(1, _STUDIO_TRIES + 1):
        try:
            made = await _submit(ctx, card, take)
            return (
                await ctx.media.adopter.adopt_made(made.content, card.kind.makes, card.provider),
                made.note,
            )
        except StudioUnavailableError as error:
            if tries == _STUDIO_TRIES:
                raise ProviderError(card.provider, str(error)) from error
    raise AssertionError("the loop above returns or raises")


async def _submit(ctx: LineContext, card: ModelCard, take: Take) -> Delivered:
    # a composite is made of the pictures themselves, a frame of small copies
    copy = "sha256" if card.kind is Kind.COMPOSITE else "working"
    references = [
        FrameReference(
            ReferenceMode(each["mode"]), await ctx.media.blobs.get(asset_key(each[copy]))
        )
        for each in take.inputs.get("references", ())
    ]
    inputs = card.inputs.model_validate(take.inputs)
    wish = Order(take=take.id, payload=card.payload(inputs), references=references)
    return await ctx.local[card.provider].submit(wish)


STEP: Final = Step("render", render, "making pictures", orders=True)
