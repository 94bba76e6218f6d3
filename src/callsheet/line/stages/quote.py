"""QUOTE: every variant of every row that needs one gets a take, priced, in the books."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.catalog.asking import InvalidModelInputsError, checked
from callsheet.jobs.model import Change, Entry, Job, Shot, ShotStatus, ShotUpdate
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import NextStep
from callsheet.kernel.ids import JobId, TakeId
from callsheet.line.context import LineContext
from callsheet.line.new_takes import new_take
from callsheet.line.pipeline import Step
from callsheet.line.take_inputs import HOSTED_MODEL, take_inputs
from callsheet.line.tools import StageTools
from callsheet.line.transitions import in_stage, leave
from callsheet.ports.engine import Payload
from callsheet.ports.models import ModelCard, UnknownModelError, UnusableCardError
from callsheet.takes.model import Take, TakeStatus, moved
from callsheet.takes.standing import newest, row_entry, summed_up

_PAGE: Final = 250  # rows at a time: working on them holds the loop up


async def quote(tools: StageTools, payload: Payload) -> None:
    """Write takes down page by page; a page that has them already gets none twice."""
    ctx = tools.ctx
    after = 0
    while True:
        async with ctx.books.database.begin() as connection:
            job = await ctx.jobs.store.lock(connection, JobId(payload["job"]))
            if not in_stage(job, payload, STEP):
                return
            shots = await ctx.jobs.store.shots(connection, job.id, after=after, limit=_PAGE)
            if not shots:
                await leave(ctx.jobs, connection, job)
                return
            after = shots[-1].row
            await _quote_page(ctx, connection, job, shots)


async def _scene_sizes(
    ctx: LineContext, connection: AsyncConnection, job: Job, shots: Sequence[Shot]
) -> dict[int, tuple[int, int]]:
    """Find the shapes of the scenes of hosted composites, by row: models are told a size."""
    scenes = {
        shot.row: Sha256(shot.references.kept[0]["sha256"])
        for shot in shots
        if shot.inputs.get(HOSTED_MODEL) and shot.references.kept
    }
    facts = await ctx.books.assets.facts(connection, job.workspace, set(scenes.values()))
    sizes = {}
    for row, scene in scenes.items():
        width, height = facts[scene].width, facts[scene].height
        if width and height:
            sizes[row] = (min(max(width, 256), 4_096), min(max(height, 256), 4_096))
    return sizes


async def _quote_page(
    ctx: LineContext, connection: AsyncConnection, job: Job, shots: Sequence[Shot]
) -> None:
    had = newest(await ctx.books.takes.of_rows(connection, job.id, shots[0].row, shots[-1].row))
    # a first round knows no rejected take, and is spared the question
    rows = (shots[0].row, shots[-1].row)
    rejected = await ctx.verdicts.rejected(connection, job.id, rows) if had else {}
    sizes = await _scene_sizes(ctx, connection, job, shots)
    takes: list[Take] = []
    refused: list[tuple[Shot, dict[str, Any]]] = []
    for shot in shots:
        if shot.status is ShotStatus.QUEUED:
            try:
                takes += missing_takes(
                    ctx, job, shot, had.get(shot.row, ()), rejected, scene=sizes.get(shot.row)
                )
            except InvalidModelInputsError as error:
                refused.append(
                    (shot, _refusal(ctx.providers.catalog.card(shot.model), shot, error))
                )
            except (UnknownModelError, UnusableCardError) as error:  # it was there at the door
                gone = {"code": error.code, "message": str(error), "next_step": NextStep.STOP}
                refused.append((shot, gone))
    await ctx.books.takes.add(connection, takes)
    replaced = [
        (old.status, None)
        for take in takes
        for old in had.get(take.row, ())
        if old.variant == take.variant
    ]
    entries = await _fail_rows(ctx, connection, job, refused, had)
    if takes:
        said = {"rows": [shots[0].row, shots[-1].row], "takes": len(takes)}
        entries = [Entry("quoted", said), *entries]
    change = Change(
        takes=moved([*replaced, *((None, take.status) for take in takes)]),
        failed_rows=sum(shot.row not in had for shot, _ in refused),
    )
    if entries:
        await ctx.jobs.record(connection, job, entries, change)


async def _fail_rows(
    ctx: LineContext,
    connection: AsyncConnection,
    job: Job,
    refused: Sequence[tuple[Shot, dict[str, Any]]],
    had: Mapping[int, Sequence[Take]],
) -> list[Entry]:
    """Let rows fail of which nothing can be ordered; what was made of them before stays."""
    changed, entries = [], []
    for shot, error in refused:
        made = had.get(shot.row, ())
        status = summed_up(made) if made else ShotStatus.FAILED
        changed.append(ShotUpdate(shot.row, status=status, error=error))
        told = row_entry(shot.row, shot.scene_id, status, made)
        entries.append(Entry("row", {**told.body, "error": error}))
    await ctx.jobs.store.set_shots(connection, job.id, changed)
    return entries


def _refusal(card: ModelCard, shot: Shot, error: InvalidModelInputsError) -> dict[str, Any]:
    """Word why nothing can be ordered of a row, and what a person can do."""
    if len(shot.references.kept) >= card.min_references:
        message = f"{card.id} cannot make this row: {error}"
        return {"code": "model_refuses", "message": message, "next_step": NextStep.STOP}
    fell = "; ".join(
        f"{each['source']} fell out ({each['reason']})" for each in shot.references.dropped
    )
    message = (
        f"{card.id} begins from {card.min_references} reference pictures and"
        f" {len(shot.references.kept)} of this row's are left{f': {fell}' if fell else ''};"
        " name others in a new run"
    )
    return {"code": "reference_missing", "message": message, "next_step": NextStep.STOP}


def missing_takes(
    ctx: LineContext,
    job: Job,
    shot: Shot,
    had: Iterable[Take],
    rejected: Collection[TakeId] = (),
    *,
    scene: tuple[int, int] | None = None,
) -> list[Take]:
    """Make a take for each variant of a row that has none, or whose newest failed or is rejected.

    What is made in the place of a rejected one gets another seed. `scene` is the size of a
    composite's scene. Raises InvalidModelInputsError if
    the model cannot make it with the references that are left, in a dry run too.
    """
    newest_of = {take.variant: take for take in had}
    missing = [
        variant
        for variant in range(1, shot.variants + 1)
        if variant not in newest_of
        or newest_of[variant].status is TakeStatus.FAILED
        or newest_of[variant].id in rejected
    ]
    if missing:
        wanted = ctx.providers.catalog.card(shot.model)
        checked(wanted, take_inputs(wanted, wanted, shot, missing[0]))
    found = []
    for variant in missing:
        before = newest_of.get(variant)
        attempt = before.attempt + 1 if before else 1
        again = attempt if before and before.id in rejected else 0
        found.append(new_take(ctx, job, shot, variant, attempt, again=again, scene=scene))
    return found


STEP: Final = Step("quote", quote, "pricing")
