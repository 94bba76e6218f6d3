"""The tables of jobs, shots and the journal, and their rows as values."""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from callsheet.intake.model import RunMode
from callsheet.jobs.model import (
    AskedReference,
    Cost,
    Counts,
    Job,
    JobKind,
    JobStatus,
    JobTimes,
    Shot,
    ShotPlan,
    ShotReferences,
    ShotStatus,
    Tally,
    Work,
)
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.ports.database import METADATA, Row, UtcTime

COUNTERS = ("queued", "running", "in_doubt", "succeeded", "failed", "cancelled")
MONEY = ("quoted", "held", "charged")

JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("run_mode", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("failed_rows", sa.Integer, nullable=False, server_default="0"),
    *(sa.Column(name, sa.Integer, nullable=False, server_default="0") for name in COUNTERS),
    *(sa.Column(name, sa.BigInteger, nullable=False, server_default="0") for name in MONEY),
    sa.Column("sequence", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("round", sa.Integer, nullable=False, server_default="1"),
    sa.Column("paused", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("reference_counts", sa.JSON, nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("problem", sa.JSON(none_as_null=True)),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("started_at", UtcTime),
    sa.Column("updated_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("ledger_version", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("ledger_due_at", sa.Float, nullable=False, server_default="0"),
    sa.Column("asked", sa.Text),
    sa.Column("manifest_revision", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index(
        "ix_jobs_asked",
        "workspace",
        "asked",
        postgresql_where=sa.text("asked IS NOT NULL"),
        sqlite_where=sa.text("asked IS NOT NULL"),
    ),
    sa.Index(None, "workspace", "created_at"),
    sa.Index(None, "status"),
)
SHOTS = sa.Table(
    "shots",
    METADATA,
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("scene_id", sa.Text, nullable=False),
    sa.Column("prompt", sa.Text, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("variants", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("quoted", sa.BigInteger, nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("references", sa.JSON, nullable=False),
    sa.Column("dropped", sa.JSON, nullable=False),
    sa.Column("extra", sa.JSON, nullable=False),
    sa.Column("inputs", sa.JSON, nullable=False, server_default="{}"),
    sa.Column("error", sa.JSON(none_as_null=True)),
    sa.Column("order_key", sa.Text),
    sa.Column("duration_s", sa.Float),
    sa.Column("depends_on", sa.JSON, nullable=False, server_default="[]"),
    sa.Column("removed", sa.Boolean, nullable=False, server_default=sa.false()),
)
JOURNAL = sa.Table(
    "journal",
    METADATA,
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
)


def job_of(row: Row) -> Job:
    """Read a job from its row."""
    return Job(
        id=JobId(row["id"]),
        workspace=WorkspaceId(row["workspace"]),
        kind=JobKind(row["kind"]),
        name=row["name"],
        run_mode=RunMode(row["run_mode"]),
        tally=Tally(
            rows=row["rows"],
            failed_rows=row["failed_rows"],
            takes=Counts(**{name: row[name] for name in COUNTERS}),
            references=row["reference_counts"],
        ),
        cost=Cost(*(Money(row[name]) for name in MONEY)),
        times=JobTimes(row["created_at"], row["updated_at"], row["started_at"], row["finished_at"]),
        status=JobStatus(row["status"]),
        problem=row["problem"],
        settings=row["settings"],
        asked=Sha256(row["asked"]) if row["asked"] else None,
        work=Work(
            stage=row["stage"],
            round=row["round"],
            paused=row["paused"],
            sequence=row["sequence"],
            ledger_version=row["ledger_version"],
            manifest_revision=row["manifest_revision"] or 0,
        ),
    )


def row_of_job(job: Job) -> dict[str, Any]:
    """Write a job as its row."""
    return {
        "id": job.id,
        "workspace": job.workspace,
        "kind": job.kind,
        "name": job.name,
        "run_mode": job.run_mode,
        "rows": job.tally.rows,
        "failed_rows": job.tally.failed_rows,
        **asdict(job.tally.takes),
        "reference_counts": dict(job.tally.references),
        **{name: getattr(job.cost, name).micros for name in MONEY},
        **asdict(job.times),
        "status": job.status,
        "problem": job.problem,
        "settings": dict(job.settings),
        "asked": job.asked,
        **asdict(job.work),
    }


def shot_of(row: Row) -> Shot:
    """Read a shot from its row."""
    return Shot(
        job=JobId(row["job"]),
        row=row["row"],
        scene_id=row["scene_id"],
        prompt=row["prompt"],
        model=row["model"],
        width=row["width"],
        height=row["height"],
        variants=row["variants"],
        status=ShotStatus(row["status"]),
        quoted=Money(row["quoted"]),
        references=ShotReferences(
            asked=tuple(AskedReference(**asked) for asked in row["asked"]),
            kept=tuple(row["references"]),
            dropped=tuple(row["dropped"]),
        ),
        extra=row["extra"],
        inputs=row["inputs"],
        error=row["error"],
        plan=ShotPlan(
            order_key=row["order_key"],
            duration_s=row["duration_s"],
            depends_on=tuple(row["depends_on"] or ()),
            removed=bool(row["removed"]),
        ),
    )


def row_of_shot(shot: Shot) -> dict[str, Any]:
    """Write a shot as its row."""
    return {
        "job": shot.job,
        "row": shot.row,
        "scene_id": shot.scene_id,
        "prompt": shot.prompt,
        "model": shot.model,
        "width": shot.width,
        "height": shot.height,
        "variants": shot.variants,
        "status": shot.status,
        "quoted": shot.quoted.micros,
        "asked": [asdict(asked) for asked in shot.references.asked],
        "references": list(shot.references.kept),
        "dropped": list(shot.references.dropped),
        "extra": dict(shot.extra),
        "inputs": dict(shot.inputs),
        "error": shot.error,
        "order_key": shot.plan.order_key,
        "duration_s": shot.plan.duration_s,
        "depends_on": list(shot.plan.depends_on),
        "removed": shot.plan.removed,
    }
