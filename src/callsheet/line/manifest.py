"""The manifest object: what a job was asked to make, enough to make it again."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from callsheet.intake.store import JobReference, ReferenceStatus
from callsheet.jobs.model import AskedReference, Job, Shot, ShotReferences
from callsheet.kernel.ids import JobId
from callsheet.kernel.money import Money
from callsheet.line.context import LineContext

SCHEMA: Final = 1
_PAGE: Final = 250
_SHOT_FIELDS: Final = ("row", "scene_id", "prompt", "model", "width", "height", "variants")


async def manifest_head(ctx: LineContext, job: Job) -> dict[str, Any]:
    """Write a job's request down but for its rows, with its references."""
    async with ctx.books.database.read() as connection:
        references = await ctx.references.store.all(connection, job.id)
    return {
        "schema": SCHEMA,
        "batchId": job.id,
        "workspace": job.workspace,
        "kind": job.kind,
        "name": job.name,
        "runMode": job.run_mode,
        "settings": dict(job.settings),
        "asked": job.asked,
        "createdAt": job.times.created_at.isoformat(),
        "references": [_reference_out(reference) for reference in references],
    }


async def manifest_shots(ctx: LineContext, job: Job) -> AsyncIterator[list[dict[str, Any]]]:
    """Write a job's rows down as they were asked for, page by page."""
    after = 0
    while True:
        async with ctx.books.database.read() as connection:
            shots = await ctx.jobs.store.shots(connection, job.id, after=after, limit=_PAGE)
        if not shots:
            return
        yield [_shot_out(shot) for shot in shots]
        after = shots[-1].row


def _shot_out(shot: Shot) -> dict[str, Any]:
    return {
        **{name: getattr(shot, name) for name in _SHOT_FIELDS},
        "quoted": str(shot.quoted),
        "asked": [asdict(asked) for asked in shot.references.asked],
        "extra": dict(shot.extra),
        "inputs": dict(shot.inputs),
    }


def shot_in(job: JobId, written: Mapping[str, Any]) -> Shot:
    """Read a shot back."""
    return Shot(
        job=job,
        **{name: written[name] for name in _SHOT_FIELDS},
        quoted=Money.usd(written["quoted"]),
        references=ShotReferences(
            asked=tuple(AskedReference(**asked) for asked in written["asked"])
        ),
        extra=written["extra"],
        inputs=written.get("inputs", {}),  # none in manifests that were written before there were
    )


def _reference_out(reference: JobReference) -> dict[str, Any]:
    return {field.name: getattr(reference, field.name) for field in fields(reference)}


def reference_in(written: Mapping[str, Any]) -> JobReference:
    """Read a reference back."""
    return JobReference(**{**written, "status": ReferenceStatus(written["status"])})
