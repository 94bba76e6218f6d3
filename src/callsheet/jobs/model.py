"""Jobs and shots as values, and the tables of their legal moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from callsheet.intake.model import RunMode
from callsheet.jobs.errors import IllegalMoveError
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, ShotId, WorkspaceId
from callsheet.kernel.money import Money


class JobKind(StrEnum):
    """What kind of run through the line this is."""

    BATCH = "batch"
    SINGLE = "single"


class JobStatus(StrEnum):
    """Where a job stands, as people see it."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"  # for a person or for a service; `problem` says which
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  # done, and some rows failed
    FAILED = "failed"
    CANCELLED = "cancelled"


DONE: Final = "done"  # the stage of a job that has left its pipeline


class ShotStatus(StrEnum):
    """Where a row stands: the sum of its takes."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED: Final = frozenset(
    {JobStatus.SUCCEEDED, JobStatus.PARTIAL, JobStatus.FAILED, JobStatus.CANCELLED}
)
_WORKING: Final = frozenset({JobStatus.RUNNING, JobStatus.WAITING})
JOB_MOVES: Final[Mapping[JobStatus, frozenset[JobStatus]]] = {
    JobStatus.QUEUED: _WORKING | {JobStatus.CANCELLED, JobStatus.FAILED},
    JobStatus.RUNNING: FINISHED | {JobStatus.WAITING},
    JobStatus.WAITING: FINISHED | {JobStatus.RUNNING},
    # a retry of failed rows takes a finished job back to work
    JobStatus.PARTIAL: frozenset({JobStatus.RUNNING}),
    JobStatus.FAILED: frozenset({JobStatus.RUNNING}),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
}


def check_move(job: "Job", to: JobStatus) -> None:
    """Raise IllegalMoveError unless the job may move there (staying is no move)."""
    if to != job.status and to not in JOB_MOVES[job.status]:
        raise IllegalMoveError("job", job.id, job.status, to)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many takes of a job stand where; or, as a change, how many came and went."""

    queued: int = 0
    running: int = 0
    in_doubt: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def total(self) -> int:
        """All takes."""
        return self.open + self.succeeded + self.failed + self.cancelled

    @property
    def open(self) -> int:
        """Takes that have not ended."""
        return self.queued + self.running + self.in_doubt


def finished_status(takes: Counts, failed_rows: int) -> JobStatus:
    """Sum a job up when nothing is left to do."""
    if not takes.failed and not failed_rows:
        return JobStatus.SUCCEEDED
    return JobStatus.PARTIAL if takes.succeeded else JobStatus.FAILED


def shot_status(counts: Counts) -> ShotStatus:
    """Sum a row up from its takes."""
    if counts.queued == counts.total:
        return ShotStatus.QUEUED
    if counts.open:
        return ShotStatus.RUNNING
    if counts.cancelled:
        return ShotStatus.CANCELLED
    if not counts.failed:
        return ShotStatus.SUCCEEDED
    return ShotStatus.PARTIAL if counts.succeeded else ShotStatus.FAILED


@dataclass(frozen=True, slots=True)
class Job:
    """One run through the line. `sequence` is the number of its newest journal entry.

    `round` counts the times its rows were sent to work: 1, then one more for each resume or retry.
    `problem` is why it waits or failed: {code, message}. `settings` are what its doors need back.
    `asked` is the digest of all that was asked for, of a job that must not be begun twice unawares.
    """

    id: JobId
    workspace: WorkspaceId
    kind: JobKind
    name: str
    run_mode: RunMode
    rows: int
    quoted: Money
    created_at: datetime
    updated_at: datetime
    status: JobStatus = JobStatus.QUEUED
    stage: str = ""
    failed_rows: int = 0
    takes: Counts = Counts()
    held: Money = Money()
    charged: Money = Money()
    sequence: int = 0
    round: int = 1
    paused: bool = False
    references: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    problem: Mapping[str, Any] | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    ledger_version: int = 0
    asked: Sha256 | None = None

    @property
    def ended(self) -> bool:
        """Tell whether nothing more happens by itself: all is delivered, or a defect stopped it."""
        return self.stage == DONE or self.status is JobStatus.FAILED

    @property
    def progress(self) -> float:
        """Share of takes that have ended, 0 to 1."""
        if self.status in FINISHED:
            return 1.0
        return (self.takes.total - self.takes.open) / self.takes.total if self.takes.total else 0.0


@dataclass(frozen=True, slots=True)
class AskedReference:
    """A reference as the row names it; `key` is its name among the job's references."""

    source: str
    key: str
    mode: str


@dataclass(frozen=True, slots=True)
class Shot:
    """A row of a batch: what to make, and how far it is.

    `references` are what was kept after merging: {sha256, working, mode}. `extra` are the sheet's
    own other columns. `inputs` are those of its model that were set by name, as JSON.
    """

    job: JobId
    row: int
    scene_id: str
    prompt: str
    model: str
    width: int
    height: int
    variants: int
    status: ShotStatus = ShotStatus.QUEUED
    quoted: Money = Money()
    asked: tuple[AskedReference, ...] = ()
    references: tuple[Mapping[str, Any], ...] = ()
    dropped: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None

    @property
    def id(self) -> ShotId:
        """The shot's name over the API: its job and its row."""
        return shot_id(self.job, self.row)


def shot_id(job: JobId, row: int) -> ShotId:
    """Name a shot over the API."""
    return ShotId(f"{job}-{row}")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened to a job. `kind` is `row` for a change of one row."""

    kind: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """An entry of the journal, with its place in it and its time."""

    sequence: int
    kind: str
    body: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction does to a job row, besides its journal entries."""

    takes: Counts = Counts()
    failed_rows: int = 0
    rows: int = 0
    quoted: Money = Money()
    held: Money = Money()
    charged: Money = Money()
    values: Mapping[str, Any] = field(default_factory=dict)
