"""The manifest object: what a job was asked to make, enough to make it again."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.intake.store import JobReference, ReferenceStatus
from callsheet.jobs.model import AskedReference, Job, Shot, ShotReferences
from callsheet.kernel.ids import JobId
from callsheet.kernel.money import Money
from callsheet.line.context import LineContext

SCHEMA: Final = 1
_SHOT_FIELDS: Final = ("row", "scene_id", "prompt", "model", "width", "height", "variants")


async def manifest_of(ctx: LineContext, connection: AsyncConnection, job: Job) -> dict[str, Any]:
    """Write a job's request down, with its rows and references."""
    shots = await ctx.jobs.store.shots(connection, job.id)
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
        "shots": [_shot_out(shot) for shot in shots],
        "references": [_reference_out(reference) for reference in references],
    }


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
