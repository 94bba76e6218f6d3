"""Jobs and shots as values, and the tables of their legal moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from callsheet.intake.model import RunMode
from callsheet.jobs.errors import IllegalMoveError
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, ShotId, WorkspaceId
from callsheet.kernel.money import Money
from callsheet.kernel.unset import UNSET, Maybe, given
from callsheet.ports.sheets import Cell


class JobKind(StrEnum):
    """What kind of run through the line this is."""

    BATCH = "batch"
    SINGLE = "single"
    PRODUCTION = "production"


class JobStatus(StrEnum):
    """Where a job stands, as people see it."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"  # for a person or for a service; `problem` says which
    SUCCEEDED = "succeeded"
    PARTIAL = "partial"  # done, and some rows failed
    FAILED = "failed"
    CANCELLED = "cancelled"


SIGN: Final = "sign"  # among a job's settings: whether what it delivers is signed
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
class Tally:
    """What a job consists of: rows, and where its takes stand.

    `failed_rows` are those that failed before they had a take; `references` sums up how its
    references were merged.
    """

    rows: int
    failed_rows: int = 0
    takes: Counts = Counts()
    references: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job would cost, what is set aside for it now, and what it has cost."""

    quoted: Money = Money()
    held: Money = Money()
    charged: Money = Money()


@dataclass(frozen=True, slots=True)
class JobTimes:
    """When a job was asked for, went to work, changed last and ended."""

    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """How far a job is on the line and in its books."""

    stage: str = ""
    round: int = 1  # times its rows were sent to work: one more for each resume or retry
    paused: bool = False  # it rests until a person resumes it
    sequence: int = 0  # the number of its newest journal entry
    ledger_version: int = 0  # of these, the newest that its object in the store tells
    manifest_revision: int = 0  # edits of what is to be made


@dataclass(frozen=True, slots=True)
class Job:
    """One run through the line.

    `problem` is why it waits or failed: {code, message}. `settings` are what its doors need back.
    `asked` is the digest of all that was asked for, of a job that must not be begun twice unawares.
    """

    id: JobId
    workspace: WorkspaceId
    kind: JobKind
    name: str
    run_mode: RunMode
    tally: Tally
    cost: Cost
    times: JobTimes
    status: JobStatus = JobStatus.QUEUED
    problem: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    asked: Sha256 | None = None
    work: Work = Work()

    @property
    def ended(self) -> bool:
        """Tell whether nothing more happens by itself: all is delivered, or a defect stopped it."""
        return self.work.stage == DONE or self.status is JobStatus.FAILED

    @property
    def progress(self) -> float:
        """Share of takes that have ended, 0 to 1."""
        if self.status in FINISHED:
            return 1.0
        takes = self.tally.takes
        return (takes.total - takes.open) / takes.total if takes.total else 0.0


def signs(job: Job) -> bool:
    """Tell whether what a job delivers is signed."""
    return bool(job.settings.get(SIGN))


@dataclass(frozen=True, slots=True)
class AskedReference:
    """A reference as the row names it; `key` is its name among the job's references."""

    source: str
    key: str
    mode: str


@dataclass(frozen=True, slots=True)
class ShotReferences:
    """References of a row: as it names them, and what became of them.

    `kept` are those left after merging: {sha256, working, mode}; `dropped` are the others:
    {source, mode, reason}.
    """

    asked: tuple[AskedReference, ...] = ()
    kept: tuple[Mapping[str, Any], ...] = ()
    dropped: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """Where a shot is in its film.

    `order_key` sorts it among the shots of its job, before its row does; see jobs/ordering.py.
    `depends_on` are the rows whose pictures it begins from. One that is `removed` is not shown any
    more; what was made for it stays.
    """

    order_key: str | None = None
    duration_s: float | None = None
    depends_on: tuple[int, ...] = ()
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Shot:
    """A row of a batch, or a shot of a film: what to make, and how far it is.

    `extra` are the sheet's own other columns, and cells that say more than what was read of them.
    `inputs` are those of its model that were set by name, as JSON.
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
    references: ShotReferences = ShotReferences()
    extra: Mapping[str, Cell] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    plan: ShotPlan = ShotPlan()

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
class JobUpdate:
    """Columns of a job row that are set anew; what is UNSET stays as it is."""

    status: Maybe[JobStatus] = UNSET
    stage: Maybe[str] = UNSET
    round: Maybe[int] = UNSET
    paused: Maybe[bool] = UNSET
    problem: Maybe[Mapping[str, Any] | None] = UNSET
    reference_counts: Maybe[Mapping[str, Any]] = UNSET
    started_at: Maybe[datetime] = UNSET
    finished_at: Maybe[datetime | None] = UNSET
    ledger_due_at: Maybe[float] = UNSET
    name: Maybe[str] = UNSET
    manifest_revision: Maybe[int] = UNSET

    def then(self, later: "JobUpdate") -> "JobUpdate":
        """Set what this sets and then what another does."""
        return replace(self, **given(later))


UNCHANGED: Final = JobUpdate()


@dataclass(frozen=True, slots=True)
class ShotUpdate:
    """Columns of one row that are set anew; what is UNSET stays as it is."""

    row: int
    status: Maybe[ShotStatus] = UNSET
    error: Maybe[Mapping[str, Any] | None] = UNSET
    references: Maybe[Sequence[Mapping[str, Any]]] = UNSET
    dropped: Maybe[Sequence[Mapping[str, Any]]] = UNSET
    scene_id: Maybe[str] = UNSET
    prompt: Maybe[str] = UNSET
    model: Maybe[str] = UNSET
    width: Maybe[int] = UNSET
    height: Maybe[int] = UNSET
    duration_s: Maybe[float | None] = UNSET
    order_key: Maybe[str | None] = UNSET
    depends_on: Maybe[Sequence[int]] = UNSET
    removed: Maybe[bool] = UNSET


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction does to a job row, besides its journal entries: sums, and columns."""

    takes: Counts = Counts()
    failed_rows: int = 0
    rows: int = 0
    quoted: Money = Money()
    held: Money = Money()
    charged: Money = Money()
    update: JobUpdate = UNCHANGED
