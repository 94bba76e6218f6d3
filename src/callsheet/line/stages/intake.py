"""INTAKE: each reference of a job is fetched once, and each row gets those it keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.lineage import add_lineage, of_reference
from callsheet.assets.model import Asset, asset_key
from callsheet.intake.limits import Limits
from callsheet.intake.references import (
    Chosen,
    Dropped,
    DropReason,
    ReferenceFacts,
    ReferenceUse,
    choose_references,
    count_references,
    near_duplicates,
)
from callsheet.intake.service import Examined
from callsheet.intake.store import JobReference, ReferenceStatus
from callsheet.jobs.model import Change, Entry, Job, JobUpdate, Shot, ShotStatus, ShotUpdate
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId
from callsheet.kernel.logs import event
from callsheet.line.context import LOG, LineContext
from callsheet.line.pipeline import Step
from callsheet.line.together import together
from callsheet.line.tools import StageTools
from callsheet.line.transitions import in_stage, leave
from callsheet.ports.engine import Payload
from callsheet.ports.models import UnknownModelError, UnusableCardError
from callsheet.ports.pictures import ReferenceMode
from callsheet.takes.standing import row_entry

_AT_ONCE: Final = 8
_PAGE: Final = 250  # rows at a time: working on them holds the loop up
_SHOWN_PAIRS: Final = 20


async def intake(tools: StageTools, payload: Payload) -> None:
    """Look at references, give rows theirs, sum up; done again, it goes on where it was."""
    ctx = tools.ctx
    job_id = JobId(payload["job"])
    async with ctx.books.database.read() as connection:
        job = await ctx.jobs.store.of_any_workspace(connection, job_id)
        if not in_stage(job, payload, STEP):
            return
        waiting = [
            reference
            for reference in await ctx.references.store.all(connection, job_id)
            if reference.status in (ReferenceStatus.PENDING, ReferenceStatus.STORED)
        ]
    for start in range(0, len(waiting), _AT_ONCE):
        await _look_at(ctx, job, waiting[start : start + _AT_ONCE])
    await _settle(ctx, payload)


async def _look_at(ctx: LineContext, job: Job, references: Sequence[JobReference]) -> None:
    """Fetch and examine a few references side by side, then write down what they are."""
    looked = await together(_bring_in(ctx, reference) for reference in references)
    now = ctx.books.clock()
    assets = [
        Asset(
            sha256=Sha256(each.reference.sha256 or ""),
            workspace=job.workspace,
            media_type=each.facts.media_type,
            size=len(each.content),
            created_at=now,
            made_from={"reference": each.reference.source},
            width=each.facts.width,
            height=each.facts.height,
        )
        for each in looked
        if each.facts is not None
    ]
    entries = [
        Entry(
            "reference",
            {
                "source": each.reference.source,
                "status": each.reference.status,
                "sha256": each.reference.sha256,
                "error": each.reference.error,
            },
        )
        for each in looked
    ]
    async with ctx.books.database.begin() as connection:
        locked = await ctx.jobs.store.lock(connection, job.id)
        await ctx.books.assets.add(connection, assets)
        await add_lineage(
            connection,
            [
                of_reference(job.workspace, each.sha256, each.made_from["reference"], now)
                for each in assets
            ],
        )
        await ctx.references.store.update(connection, job.id, [each.reference for each in looked])
        await ctx.jobs.record(connection, locked, entries)


async def _bring_in(ctx: LineContext, reference: JobReference) -> Examined:
    content = None
    if reference.status is ReferenceStatus.STORED:
        content = await ctx.media.blobs.get(asset_key(reference.sha256 or ""))
    looked = await ctx.references.service.look_at(reference, content)
    if looked.facts is not None:
        await ctx.media.adopter.adopt(looked.content, looked.facts.media_type)
        await ctx.media.adopter.adopt(looked.facts.working_copy, "image/png")
    return looked


async def _settle(ctx: LineContext, payload: Payload) -> None:
    """Give each row the references it keeps, page by page, then send the job on."""
    job_id, after = JobId(payload["job"]), 0
    keys: list[str] = []
    async with ctx.books.database.read() as connection:
        references = {each.key: each for each in await ctx.references.store.all(connection, job_id)}
    facts = {key: _facts(each) for key, each in references.items() if each.pixels}
    while True:
        async with ctx.books.database.begin() as connection:
            job = await ctx.jobs.store.lock(connection, job_id)
            if not in_stage(job, payload, STEP):
                return
            # a batch without references has nothing to give out
            shots = (
                await ctx.jobs.store.shots(connection, job_id, after=after, limit=_PAGE)
                if references
                else []
            )
            if not shots:
                await _sum_up(ctx, connection, job, keys, facts)
                return
            after = shots[-1].row
            keys += [asked.key for shot in shots for asked in shot.references.asked]
            await _give(ctx, connection, job, shots, references, facts)


async def _give(
    ctx: LineContext,
    connection: AsyncConnection,
    job: Job,
    shots: Sequence[Shot],
    references: Mapping[str, JobReference],
    facts: Mapping[str, ReferenceFacts],
) -> None:
    changed: list[ShotUpdate] = []
    entries: list[Entry] = []
    for shot in shots:
        if shot.status is not ShotStatus.QUEUED or not shot.references.asked:
            continue
        chosen = _choose(ctx, shot, facts)
        update = ShotUpdate(
            shot.row,
            status=shot.status,
            references=[_kept(use, references[use.key]) for use in chosen.kept],
            dropped=[_left_out(each.use, each.reason) for each in chosen.dropped],
            error=None,
        )
        broken = [each.use for each in chosen.dropped if each.reason is DropReason.FAILED]
        if broken:
            error = _broken(job, broken[0], references)
            update = replace(update, status=ShotStatus.FAILED, error=error)
            entries.append(row_entry(shot.row, shot.scene_id, ShotStatus.FAILED, error=error))
        changed.append(update)
    await ctx.jobs.store.set_shots(connection, job.id, changed)
    if entries:
        await ctx.jobs.record(connection, job, entries, Change(failed_rows=len(entries)))


def _choose(ctx: LineContext, shot: Shot, facts: Mapping[str, ReferenceFacts]) -> Chosen:
    """Choose what a row's model gets; of the whole batch's references, those of use to it."""
    uses = [
        ReferenceUse(asked.source, ReferenceMode(asked.mode), asked.key, "")
        for asked in shot.references.asked
    ]
    try:
        card = ctx.providers.catalog.card(shot.model)
    except (UnknownModelError, UnusableCardError):  # its row is refused when it is quoted
        return choose_references(uses, facts, Limits().max_references)
    of_use = [use for use in uses if card.takes(use.mode)]
    most = min(Limits().max_references, card.max_references)
    chosen = choose_references(of_use, facts, most)
    of_none = [Dropped(use, DropReason.NOT_TAKEN) for use in uses if not card.takes(use.mode)]
    return replace(chosen, dropped=(*chosen.dropped, *of_none))


def _facts(reference: JobReference) -> ReferenceFacts:
    return ReferenceFacts(
        Sha256(reference.sha256 or ""), Sha256(reference.pixels or ""), reference.likeness or "0"
    )


def _kept(use: ReferenceUse, reference: JobReference) -> dict[str, Any]:
    return {"sha256": reference.sha256, "working": reference.working, "mode": use.mode}


def _left_out(use: ReferenceUse, reason: DropReason) -> dict[str, Any]:
    return {"source": use.source, "mode": use.mode, "reason": reason}


def _broken(job: Job, use: ReferenceUse, references: Mapping[str, JobReference]) -> dict[str, Any]:
    error = references[use.key].error or {"code": "reference_failed", "message": "not fetched"}
    again = f"once it is there: callsheet jobs retry {job.id}"
    message = f"reference {use.source}: {error['message']}; {again}"
    return {"code": error["code"], "message": message, "next_step": "stop"}


async def _sum_up(
    ctx: LineContext,
    connection: AsyncConnection,
    job: Job,
    keys: Sequence[str],
    facts: Mapping[str, ReferenceFacts],
) -> None:
    """Report how far merging went, and leave the stage."""
    counts = count_references(keys, facts)
    alike = [asdict(pair) for pair in near_duplicates(facts.values())[:_SHOWN_PAIRS]]
    report = {
        "uses": counts.uses,
        "uniqueUrls": counts.unique_urls,
        "uniqueBytes": counts.unique_bytes,
        "uniquePixels": counts.unique_pixels,
        "unique": counts.unique,
        "dropped": counts.dropped,
        "nearDuplicates": counts.near_duplicates,
        "alike": alike,
        "dedupRate": round(counts.dedup_rate, 4),
    }
    change = Change(update=JobUpdate(reference_counts=report))
    await ctx.jobs.record(connection, job, [Entry("references", report)], change)
    LOG.info("references.merged", extra=event(job=job.id, **{**report, "alike": len(alike)}))
    await leave(ctx.jobs, connection, await ctx.jobs.store.lock(connection, job.id))


STEP: Final = Step("intake", intake, "looking at references")
