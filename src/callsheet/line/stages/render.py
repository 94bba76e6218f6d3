"""RENDER: takes are ordered in chunks; the last one to end sends the job on."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import Asset, asset_key
from callsheet.assets.service import Adopted
from callsheet.intake.model import RunMode
from callsheet.jobs.model import Job, Stage
from callsheet.kernel.errors import NextStep
from callsheet.kernel.ids import JobId, TakeId
from callsheet.line.house import House
from callsheet.line.ledgers import LedgerKeeper
from callsheet.line.together import together
from callsheet.line.transitions import in_stage, stage_payload
from callsheet.orders.settlement import Ending, Moves, end, finish_if_done, write_moves
from callsheet.ports.engine import Payload
from callsheet.ports.models import Delivered, ModelCard, Order, ProviderError
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


async def render(house: House, ledgers: LedgerKeeper, payload: Payload) -> None:
    """Split what waits into chunks of rows and hand each to a work of its own.

    Before anything is ordered for money, the store knows every take that may be: a database lost
    in the next second leaves no order behind that nobody remembers.
    """
    async with house.database.read() as connection:
        job = await house.jobs.of_any_workspace(connection, JobId(payload["job"]))
    if job.run_mode is RunMode.LIVE and in_stage(job, payload, Stage.RENDER):
        await ledgers.write_through(job.id)
    after, rank = 0, 0
    while True:
        async with house.database.begin() as connection:
            job = await house.jobs.lock(connection, JobId(payload["job"]))
            if not in_stage(job, payload, Stage.RENDER):
                return
            rank += 1
            waiting = await house.takes.unordered(connection, job.id, after, CHUNK_ROWS * 3 + 1)
            if not waiting:
                await finish_if_done(house, connection, job)
                return
            # all variants of a row go in one chunk: no two chunks ever write the same row
            cut = waiting[-1][0] if len(waiting) > CHUNK_ROWS * 3 else waiting[-1][0] + 1
            chunk = [take for row, take in waiting if row < cut]
            after = cut - 1
            await send_out(house, connection, job, chunk, rank)


async def send_out(
    house: House, connection: AsyncConnection, job: Job, takes: Sequence[TakeId], rank: int
) -> None:
    """Let takes be made; the first chunk of any job goes before any second one.

    Those of the local studio go to one `order` work. Hosted ones are released to whoever orders:
    an order may have to wait for a provider's limits, and no work of the engine waits for anything.
    """
    local = await house.takes.local_of(connection, takes)
    hosted = set(takes) - set(local)
    if hosted:
        await house.in_flight.release(connection, hosted, rank, house.clock())
        house.wake_submitter.set()
    if not local:
        return
    takes = local
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
    outcomes: list[Ending] = []
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
    endings: Sequence[Ending],
    group: Sequence[TakeId],
) -> list[Take]:
    """Write one group's outcomes down and claim the next, in the caller's transaction."""
    into = Moves()
    await end(house, connection, job, endings, into)
    before = await house.takes.statuses(connection, group)
    claimed = await house.takes.claim(connection, group, house.clock())
    for take in claimed:
        into.moves.append((before[take.id], TakeStatus.ORDERED))
        into.rows.add(take.row)
    if into.moves or not group:
        await write_moves(house, connection, job, into)
    return claimed


async def _make(house: House, job: Job, takes: Sequence[Take]) -> list[Ending]:
    """Order a group's takes side by side and adopt what comes back; nothing is written down."""
    return await together(_make_one(house, job, take) for take in takes)


async def _make_one(house: House, job: Job, take: Take) -> Ending:
    try:
        adopted = await _made_and_adopted(house, take)
    except (ProviderError, UnreadablePictureError) as error:
        step = getattr(error, "next_step", NextStep.STOP)
        said = {"code": error.code, "message": str(error), "next_step": step}
        return Ending(take, Outcome(take.id, take.epoch, error=said))
    asset = Asset(
        sha256=adopted.sha256,
        workspace=job.workspace,
        size=adopted.size,
        created_at=house.clock(),
        made_from={"take": take.id, "model": take.model},
        **adopted.seen.facts,
    )
    outcome = Outcome(take.id, take.epoch, asset=adopted.sha256, charged=take.price)
    return Ending(take, outcome, asset)


async def _made_and_adopted(house: House, take: Take) -> Adopted:
    """Order a take and bring the result home.

    A drawing process that dies is tried again a few times, then blamed on this picture: work that
    kills its worker must not be repeated for ever.
    """
    card = house.catalog.card(take.model)
    for tries in range(1, _STUDIO_TRIES + 1):
        try:
            made = await _submit(house, card, take)
            return await house.adopter.adopt_made(made.content, card.kind.makes, card.provider)
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
