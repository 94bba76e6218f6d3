"""Answering from the store what was ordered and paid before, word for word."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.model import Asset
from callsheet.jobs.decisions import Choice, DecisionStore
from callsheet.jobs.model import Job, JobKind
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.line.context import LOG, LineContext
from callsheet.line.progress import locked
from callsheet.orders.progress import Moves
from callsheet.orders.settlement import TakeEnding, end
from callsheet.quality.verdicts import failed
from callsheet.takes.model import Outcome, Take
from callsheet.takes.outputs import outputs_of
from callsheet.takes.reuse import Answer, answers_elsewhere, never_ordered, shown_already

_DECISIONS: Final = DecisionStore()
FRESH: Final = "fresh"  # the setting of a job that wants everything made anew


def fresh_setting(*, fresh: bool) -> Mapping[str, Any]:
    """Word the setting of a job; without one the store may answer."""
    return {FRESH: True} if fresh else {}


async def answered_from_store(
    ctx: LineContext, connection: AsyncConnection, job: Job, takes: Sequence[TakeId]
) -> list[TakeId]:
    """End takes of a locked job whose very order another job had answered; the others are left.

    Nothing is held, sent or charged for them. Each shows the files of the take that it repeats;
    equal takes of one job show different ones, because they are meant to differ. A single
    generation is always ordered: whoever asks for one twice wants two.
    """
    if job.kind is not JobKind.BATCH or job.settings.get(FRESH):
        return list(takes)
    equal = await _equal(ctx, connection, job, takes)
    if not equal:
        return list(takes)
    files = await outputs_of(connection, [answer.take for _, answer, _ in equal])
    endings = [
        TakeEnding(
            take,
            Outcome(
                take.id,
                take.flight.epoch,
                asset=answer.asset,
                note=_note(answer),
                further=tuple(file.asset for file in files.get(answer.take, ())[1:]),
            ),
            asset,
        )
        for take, answer, asset in equal
    ]
    into, held = Moves(), locked(ctx.jobs, job)
    ended = {each.take.id for each in await end(ctx, connection, held, endings, into)}
    await ctx.progress.report(connection, held, into)
    LOG.info("takes.answered_from_store", extra=event(job=job.id, takes=len(ended)))
    return [take for take in takes if take not in ended]


async def _refused(
    ctx: LineContext, connection: AsyncConnection, answers: Sequence[Answer]
) -> set[Sha256]:
    """Name files that a gate found to fail, or that a person rejected: nobody wants them again."""
    takes = [answer.take for answer in answers]
    judged = await ctx.verdicts.of_takes(connection, takes)
    refused = {each.asset for some in judged.values() for each in some if failed(some)}
    for decision in await _DECISIONS.of_takes(connection, takes):  # the newest counts
        if decision.choice is Choice.REJECT:
            refused.add(decision.asset)
        else:
            refused.discard(decision.asset)
    return refused


def _note(answer: Answer) -> str:
    same = f"the same order was made before, as {answer.take}: nothing was paid for it"
    return f"{answer.note}; {same}" if answer.note else same


async def _equal(
    ctx: LineContext, connection: AsyncConnection, job: Job, takes: Sequence[TakeId]
) -> list[tuple[Take, Answer, Asset]]:
    """Pair takes that wait with what answers them."""
    waiting = await never_ordered(connection, takes)
    answers = await answers_elsewhere(connection, job.id, waiting) if waiting else {}
    if not answers:
        return []
    shown = await shown_already(connection, job.id, waiting)
    refused = await _refused(ctx, connection, [each for some in answers.values() for each in some])
    names = {answer.asset for some in answers.values() for answer in some} - shown - refused
    known = await ctx.books.assets.some(connection, job.workspace, names)
    whole = {asset.sha256: asset for asset in known if asset.unreadable is None}
    left: dict[Sha256, list[Answer]] = {
        digest: [answer for answer in reversed(some) if answer.asset in whole]
        for digest, some in answers.items()
    }
    pairs = []
    for take in waiting:
        candidates = left.get(take.digests.inputs, [])
        while candidates and candidates[-1].asset in shown:
            candidates.pop()
        if candidates:
            answer = candidates.pop()
            shown.add(answer.asset)
            whole_take = await ctx.books.takes.of_any_workspace(connection, take.id)
            pairs.append((whole_take, answer, whole[answer.asset]))
    return pairs
