"""RENDER: takes are ordered in chunks; the last one to end sends the job on."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import Asset, asset_key
from callsheet.jobs.model import Change, Entry, Job, JobStatus, Stage
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import NextStep
from callsheet.kernel.ids import JobId, TakeId
from callsheet.kernel.money import Money
from callsheet.line.house import House
from callsheet.line.together import together
from callsheet.line.transitions import in_stage, leave, stage_payload
from callsheet.ports.engine import Payload
from callsheet.ports.models import Delivered, ModelCard, Order, ProviderError
from callsheet.ports.pictures import (
    FrameReference,
    ReferenceMode,
    StudioUnavailableError,
    UnreadablePictureError,
)
from callsheet.takes.model import Outcome, Take, TakeStatus, moved
from callsheet.takes.standing import first_error, newest, row_entry, summed_up

ORDER_WORK: Final = "order"
CHUNK_ROWS: Final = 100
_GROUP_S: Final = 1.0  # a group of takes is claimed, made and written down in about this time
_SMALLEST_GROUP: Final = 4
_STUDIO_TRIES: Final = 3


async def render(house: House, payload: Payload) -> None:
    """Split what waits into chunks of rows and hand each to a work of its own."""
    after, rank = 0, 0
    while True:
        async with house.database.begin() as connection:
            job = await house.jobs.lock(connection, JobId(payload["job"]))
            if not in_stage(job, payload, Stage.RENDER):
                return
            rank += 1
            waiting = await house.takes.unordered(connection, job.id, after, CHUNK_ROWS * 3 + 1)
            if not waiting:
                await _finish_if_done(house, connection, job)
                return
            # all variants of a row go in one chunk: no two chunks ever write the same row
            cut = waiting[-1][0] if len(waiting) > CHUNK_ROWS * 3 else waiting[-1][0] + 1
            chunk = [take for row, take in waiting if row < cut]
            after = cut - 1
            await enqueue_chunk(house, connection, job, chunk, rank)


async def enqueue_chunk(
    house: House, connection: AsyncConnection, job: Job, takes: Sequence[TakeId], rank: int
) -> None:
    """Hand takes to one `order` work; the first chunk of any job goes before any second one."""
    work_id = f"{ORDER_WORK}:{job.id}:{job.round}:{takes[0]}"
    payload = {**stage_payload(job), "takes": list(takes)}
    await house.queue.enqueue(connection, ORDER_WORK, work_id, payload, rank=rank)


async def order(house: House, payload: Payload) -> None:
    """Make the takes of one chunk, group by group.

    Each transaction writes down one group's outcomes and claims the next group, so a kill at any
    line loses at most one group of unrecorded work, and the claim's epoch keeps a twin from
    recording it a second time.
    """
    left = [TakeId(take) for take in payload["takes"]]
    outcomes: list[tuple[Take, Outcome, Asset | None]] = []
    while True:
        async with house.database.begin() as connection:
            job = await house.jobs.lock(connection, JobId(payload["job"]))
            wanted = in_stage(job, payload, Stage.RENDER)
            size = await _group_size(house, connection, left) if wanted else 0
            group, left = left[:size], left[size:]
            claimed = await _turn(house, connection, job, outcomes, group)
        if not claimed and (not left or not wanted):
            return
        outcomes = await _make(house, job, claimed)


async def _group_size(house: House, connection: AsyncConnection, left: Sequence[TakeId]) -> int:
    if not left:
        return 0
    model = await house.takes.model_of(connection, left[0])
    expected = house.catalog.card(model).expected_s / house.parallel
    return max(_SMALLEST_GROUP, min(CHUNK_ROWS, int(_GROUP_S / expected)))


async def _turn(
    house: House,
    connection: AsyncConnection,
    job: Job,
    outcomes: Sequence[tuple[Take, Outcome, Asset | None]],
    group: Sequence[TakeId],
) -> list[Take]:
    """Write one group's outcomes down and claim the next, in the caller's transaction."""
    now = house.clock()
    current = await house.takes.current(connection, [take.id for take, _, _ in outcomes])
    valid = [
        (take, outcome, asset)
        for take, outcome, asset in outcomes
        if current.get(take.id) == (TakeStatus.ORDERED, outcome.epoch)
    ]
    await house.assets.add(connection, [asset for _, _, asset in valid if asset])
    await house.takes.finish(connection, [outcome for _, outcome, _ in valid], now)
    before = await house.takes.statuses(connection, group)
    claimed = await house.takes.claim(connection, group, now)
    moves = [(TakeStatus.ORDERED, outcome.status) for _, outcome, _ in valid]
    moves += [(before[take.id], TakeStatus.ORDERED) for take in claimed]
    if not moves:
        if not group:
            await _finish_if_done(house, connection, job)
        return claimed
    entries = await _sum_up_rows(
        house, connection, job, {take.row for take, _, _ in valid} | {take.row for take in claimed}
    )
    values: dict[str, Any] = {}
    if job.status is not JobStatus.RUNNING and in_progress(job):
        values = {"status": JobStatus.RUNNING, "problem": None}
    change = Change(
        takes=moved(moves),
        charged=Money(sum(outcome.charged.micros for _, outcome, _ in valid)),
        values=values,
    )
    await house.record(connection, job, entries, change)
    for _, outcome, _ in valid:
        house.metrics.takes.labels(outcome.status).inc()
    await _finish_if_done(house, connection, await house.jobs.lock(connection, job.id))
    return claimed


def in_progress(job: Job) -> bool:
    """Tell whether a job that waits or is queued goes on now that work is being done for it."""
    return job.status in (JobStatus.QUEUED, JobStatus.WAITING) and not job.paused


async def _sum_up_rows(
    house: House, connection: AsyncConnection, job: Job, rows: set[int]
) -> list[Entry]:
    """Bring rows up to date with their takes; the journal entries that tell it."""
    shots = await house.jobs.shots(connection, job.id, rows=sorted(rows))
    takes = newest(await house.takes.of_rows(connection, job.id, min(rows), max(rows)))
    entries, changed = [], []
    for shot in shots:
        status = summed_up(takes[shot.row])
        error = first_error(takes[shot.row])
        entries.append(row_entry(shot, status, takes[shot.row]))
        changed.append({"row": shot.row, "status": status, "error": error})
    await house.jobs.set_shots(connection, job.id, changed)
    return entries


async def _finish_if_done(house: House, connection: AsyncConnection, job: Job) -> None:
    if job.takes.open == 0 and job.stage is Stage.RENDER and not job.paused:
        await leave(house, connection, job)


async def _make(
    house: House, job: Job, takes: Sequence[Take]
) -> list[tuple[Take, Outcome, Asset | None]]:
    """Order a group's takes side by side and adopt what comes back; nothing is written down."""
    return await together(_make_one(house, job, take) for take in takes)


async def _make_one(house: House, job: Job, take: Take) -> tuple[Take, Outcome, Asset | None]:
    outcome = Outcome(take.id, take.epoch)
    try:
        made, sha256 = await _made_and_adopted(house, take)
    except (ProviderError, UnreadablePictureError) as error:
        step = getattr(error, "next_step", NextStep.STOP)
        said = {"code": error.code, "message": str(error), "next_step": step}
        return take, replace(outcome, error=said), None
    asset = Asset(
        sha256=sha256,
        workspace=job.workspace,
        media_type=made.media_type,
        size=len(made.content),
        created_at=house.clock(),
        made_from={"take": take.id, "model": take.model},
    )
    return take, replace(outcome, asset=sha256, charged=take.price), asset


async def _made_and_adopted(house: House, take: Take) -> tuple[Delivered, Sha256]:
    """Order a take and bring the result home.

    A drawing process that dies is tried again a few times, then blamed on this picture: work that
    kills its worker must not be repeated for ever.
    """
    card = house.catalog.card(take.model)
    for tries in range(1, _STUDIO_TRIES + 1):
        try:
            made = await _submit(house, card, take)
            return made, await house.adopter.adopt_picture(made.content, made.media_type)
        except StudioUnavailableError as error:
            if tries == _STUDIO_TRIES:
                raise ProviderError(card.provider, str(error)) from error
    raise AssertionError("the loop above returns or raises")


async def _submit(house: House, card: ModelCard, take: Take) -> Delivered:
    references = [
        FrameReference(
            ReferenceMode(each["mode"]), await house.blobs.get(asset_key(each["working"]))
        )
        for each in take.inputs.get("references", ())
    ]
    inputs = card.inputs.model_validate(take.inputs)
    wish = Order(take=take.id, payload=card.payload(inputs), references=references)
    return await house.providers[card.provider].submit(wish)
