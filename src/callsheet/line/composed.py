"""What follows on a hosted composite, however it ended: a take of the local compositor.

An answer is looked at there, and kept, mended or replaced; an order that failed is replaced. The
local take is written down with the end of the hosted one, in one transaction: after a crash there
are both or neither, and the hosted order is charged once, whatever follows.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.model import FINISHED, Job
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.line.context import LOG, Jobs
from callsheet.line.transitions import stage_payload
from callsheet.ports.models import Catalog
from callsheet.takes.model import Take, TakeStatus, quoted_take
from callsheet.takes.standing import newest
from callsheet.takes.store import TakeStore

LOCAL_COMPOSITE: Final = "local/composite"
COMPOSITE: Final = "composite"  # among a job's settings: what its local takes are asked for
_ORDER_WORK: Final = "order"
_REASON_CHARS: Final = 400
_FOLLOWED: Final = frozenset({TakeStatus.SUCCEEDED, TakeStatus.FAILED})


async def composed_at_home(
    jobs: Jobs,
    books: TakeStore,
    catalog: Catalog,
    connection: AsyncConnection,
    job: Job,
    moves: Sequence[tuple[Take, TakeStatus]],
) -> list[tuple[TakeStatus | None, TakeStatus | None]]:
    """Let the local compositor follow on hosted composites that ended, in a locked job.

    `moves` are those of takes that this transaction has made. Answers how counts move further: the
    take of before is not counted any more, the new one is.
    """
    wish = job.settings.get(COMPOSITE)
    if not isinstance(wish, Mapping) or job.status in FINISHED or not _is_rendered(jobs, job):
        return []
    ended = {take.id for take, to in moves if to in _FOLLOWED and take.status is not to}
    if not ended:
        return []
    rows = {take.row for take, _ in moves}
    takes: list[Take] = []
    counts: list[tuple[TakeStatus | None, TakeStatus | None]] = []
    by_row = newest(await books.of_these_rows(connection, job.id, rows))
    for take in (take for takes_of_row in by_row.values() for take in takes_of_row):
        if take.id in ended and take.model != LOCAL_COMPOSITE:
            following = _following(jobs, catalog, job, take, _inputs(wish, take))
            takes.append(following)
            counts += [(take.status, None), (None, following.status)]
    if takes:
        await books.add(connection, takes)
        await _send_out(jobs, connection, job, [take.id for take in takes])
    return counts


def _is_rendered(jobs: Jobs, job: Job) -> bool:
    step = jobs.pipeline(job).step(job.work.stage)
    return step is not None and step.orders


def _inputs(wish: Mapping[str, Any], take: Take) -> dict[str, Any]:
    """Word what the local compositor is asked for after a hosted one."""
    if take.asset is None:
        reason = str((take.error or {}).get("message", "the hosted order failed"))
        return {**wish, "fell_back": reason[:_REASON_CHARS]}
    answer = {"sha256": take.asset, "working": take.asset, "mode": "style_only"}
    return {**wish, "references": [*wish["references"], answer], "answered": True}


def _following(
    jobs: Jobs, catalog: Catalog, job: Job, take: Take, inputs: Mapping[str, Any]
) -> Take:
    card = catalog.card(LOCAL_COMPOSITE)
    if reason := inputs.get("fell_back"):
        said = event(job=job.id, take=take.id, reason=reason)
        LOG.warning("composite.fell_back", extra=said)
    valid = card.inputs.model_validate(inputs).model_dump(mode="json")
    place, content = take.place, take.digests.content
    return quoted_take(
        job,
        place.row,
        place.variant,
        place.attempt + 1,
        card,
        valid,
        jobs.clock(),
        content=content,
    )


async def _send_out(
    jobs: Jobs, connection: AsyncConnection, job: Job, takes: Sequence[TakeId]
) -> None:
    work_id = f"{_ORDER_WORK}:{job.id}:{job.work.round}:{takes[0]}"
    payload = {**stage_payload(job), "takes": [*takes]}
    await jobs.queue.enqueue(connection, _ORDER_WORK, work_id, payload, rank=1)
