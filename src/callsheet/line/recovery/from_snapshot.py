"""Bringing a job back from its recovery snapshot."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.lineage import add_lineage
from callsheet.assets.model import Asset, asset_key
from callsheet.assets.snapshot import asset_in, lineage_back
from callsheet.controls.store import AnswerStore
from callsheet.intake.model import RunMode
from callsheet.intake.store import JobReference, ReferenceStatus
from callsheet.jobs.decisions import DecisionStore, decision_in
from callsheet.jobs.manifest_snapshot import restore_manifest, revision_in
from callsheet.jobs.model import DONE, FINISHED, Entry, Job, JobStatus, Shot, ShotStatus
from callsheet.jobs.productions import ProductionStore, production_in
from callsheet.jobs.snapshot import RecordKind, Snapshot, shot_in
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.money import Money
from callsheet.line.context import LineContext
from callsheet.line.control import PAUSED
from callsheet.line.together import together
from callsheet.money.snapshot import restore_budgets, restore_entries
from callsheet.orders.settlement import holding_of
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.models import UnknownModelError, UnusableCardError
from callsheet.quality.judge.store import JudgingStore, judging_in
from callsheet.quality.verdicts import verdict_in
from callsheet.reviews.snapshot import restore_comments
from callsheet.takes.model import ENDED, Take, TakeStatus, counted
from callsheet.takes.outputs import Output, restore_outputs
from callsheet.takes.snapshot import Revival, output_in, take_in, without_file
from callsheet.takes.standing import newest, summed_up

RESTORED_MESSAGE: Final = "restored from the store; go on with: callsheet jobs resume {job}"
_AT_ONCE: Final = 16  # looks into the store
_NOT_ORDERED: Final = frozenset({"intake", "quote"})  # nothing of a job is sent before


@dataclass(frozen=True, slots=True)
class Recovered:
    """A job as it will be in the database again; `pictures` are its files that are still there."""

    job: Job
    shots: Sequence[Shot]
    takes: Sequence[Take]
    assets: Sequence[Asset]
    references: Sequence[JobReference]
    outputs: Sequence[Output]
    pictures: int


async def recovered(ctx: LineContext, snapshot: Snapshot) -> Recovered:
    """Work out how a job comes back: what was made is made, what may be out is looked for."""
    assets = [asset_in(each) for each in snapshot.of(RecordKind.ASSET)]
    there = await _there(ctx, {each.sha256 for each in assets})
    takes = [_revived(ctx, snapshot, take_in(each), there) for each in snapshot.of(RecordKind.TAKE)]
    outputs = [output_in(each) for each in snapshot.of(RecordKind.OUTPUT)]
    of_row = newest(takes)
    shots = [
        _standing(shot_in(each), of_row, snapshot.job) for each in snapshot.of(RecordKind.SHOT)
    ]
    return Recovered(
        job=_job(_edited(snapshot), shots, takes, of_row),
        shots=shots,
        takes=takes,
        assets=[each for each in assets if each.sha256 in there],
        references=[_reference(each["reference"]) for each in snapshot.of(RecordKind.REFERENCE)],
        outputs=[each for each in outputs if each.asset in there],
        pictures=sum(take.status is TakeStatus.SUCCEEDED and take.shows_a_shot for take in takes),
    )


async def _there(ctx: LineContext, names: Collection[Sha256]) -> set[Sha256]:
    """Tell which files are in the store yet."""

    async def look(name: Sha256) -> bool:
        try:
            await ctx.media.blobs.head(asset_key(name))
        except BlobNotFoundError:
            return False
        return True

    ordered, found = sorted(names), set()
    for first in range(0, len(ordered), _AT_ONCE):
        page = ordered[first : first + _AT_ONCE]
        seen = await together(look(name) for name in page)
        found |= {name for name, is_there in zip(page, seen, strict=True) if is_there}
    return found


def _revived(ctx: LineContext, snapshot: Snapshot, take: Take, there: Collection[Sha256]) -> Take:
    if take.asset is not None and take.asset not in there:
        return without_file(take)
    job = snapshot.job
    if job.run_mode is not RunMode.LIVE or take.provider not in ctx.providers.hosted:
        return replace(take, flight=replace(take.flight, claimed_by=None, due_at=None))
    return Revival(ctx.books.clock()).of(take, _would_send(ctx, take))


def _would_send(ctx: LineContext, take: Take) -> Sha256 | None:
    """Digest an order as it may have been sent.

    None if that cannot be told: its card would not word it any more, or a reference went with it,
    of which the order names the address it had then.
    """
    if take.status in ENDED or take.inputs.get("references"):
        return None
    try:
        card = ctx.providers.catalog.card(take.model)
        return digest_of(card.payload(card.inputs.model_validate(take.inputs)))
    except (InvalidInputError, UnknownModelError, UnusableCardError):
        return None


def _standing(shot: Shot, takes: Mapping[int, Sequence[Take]], job: Job) -> Shot:
    """Sum a row up anew where what was made is lost, or an order may be out."""
    made = takes.get(shot.row, ())
    awaits_takes = len(made) < shot.variants and job.status not in FINISHED
    return shot if not made or awaits_takes else replace(shot, status=summed_up(made))


def _edited(snapshot: Snapshot) -> Job:
    work = replace(snapshot.job.work, manifest_revision=revision_in(snapshot))
    return replace(snapshot.job, work=work)


def _job(
    job: Job, shots: Sequence[Shot], takes: Sequence[Take], of_row: Mapping[int, Sequence[Take]]
) -> Job:
    """Sum a job up. One that was at work rests: restoring must not spend by itself."""
    made_for_rows = (each for made in of_row.values() for each in made)
    standing = [take.status for take in made_for_rows if take.shows_a_shot]
    refused = [shot for shot in shots if shot.status is ShotStatus.FAILED]
    tally = replace(
        job.tally,
        takes=counted(standing),
        rows=len(shots),
        failed_rows=sum(shot.row not in of_row for shot in refused),
    )
    cost = replace(
        job.cost,
        held=Money(sum(take.price.micros for take in takes if take.flight.held_on)),
        charged=Money(sum(take.charged.micros for take in takes)),
    )
    summed = replace(job, tally=tally, cost=cost)
    work = replace(job.work, ledger_version=job.work.sequence)
    if job.status in FINISHED:
        stage = "render" if tally.takes.open else DONE
        return replace(summed, work=replace(work, stage=stage, paused=False))
    message = RESTORED_MESSAGE.format(job=job.id)
    return replace(
        summed,
        status=JobStatus.WAITING,
        problem={"code": PAUSED, "message": message},
        work=replace(work, stage="intake", paused=True),
    )


def _reference(written: Mapping[str, Any]) -> JobReference:
    return JobReference(**{**written, "status": ReferenceStatus(written["status"])})


async def write_recovered(
    ctx: LineContext,
    answers: AnswerStore,
    connection: AsyncConnection,
    snapshot: Snapshot,
    back: Recovered,
) -> None:
    """Write a job, all that belongs to it and its money, in the caller's transaction."""
    await ctx.jobs.store.add(connection, back.job)
    await ctx.jobs.store.add_shots(connection, back.shots)
    await ctx.references.store.add(connection, back.job.id, back.references)
    await ctx.books.takes.add(connection, back.takes)
    await ctx.books.assets.add(connection, back.assets)
    await restore_outputs(connection, back.outputs)
    await add_lineage(connection, map(lineage_back, snapshot.of(RecordKind.LINEAGE)))
    await DecisionStore().add(connection, list(map(decision_in, snapshot.of(RecordKind.DECISION))))
    await ctx.verdicts.add(connection, list(map(verdict_in, snapshot.of(RecordKind.VERDICT))))
    await JudgingStore().add(connection, map(judging_in, snapshot.of(RecordKind.JUDGING)))
    await restore_manifest(connection, ctx.jobs.store, back.job, snapshot)
    await restore_comments(connection, snapshot)
    for record in snapshot.of(RecordKind.PRODUCTION):
        await ProductionStore().add(connection, production_in(record))
    await restore_entries(connection, [each["entry"] for each in snapshot.of(RecordKind.ENTRY)])
    await restore_budgets(connection, snapshot.head["budgets"])
    out: dict[str, list[Take]] = defaultdict(list)
    for take in back.takes:
        if take.flight.held_on:
            out[take.flight.held_on].append(take)
    for takes in out.values():  # what is set aside already stays as it is
        holdings = [holding_of(take) for take in takes]
        await ctx.books.money.hold(connection, holdings, ctx.books.clock(), restoring=True)
    if snapshot.head["answer"] is not None:
        await answers.restore(connection, snapshot.head["answer"])
    entry = Entry("restored", {"version": snapshot.sequence, "pictures": back.pictures})
    await ctx.jobs.record(connection, back.job, [entry])
