"""The recovery snapshot of a job: what a lost database is rebuilt from, in a format of its own.

A snapshot is a head and records. The head names the format and its version, the journal's number
that it tells, the job, and what belongs to the job as a whole. Each record is one thing, by its
`kind`. Names and values of version 1 are those of the tables: money in micro-dollars, times in RFC
3339; docs/reference/recovery.md lists them. Readers know every version up to theirs; one that is
newer is refused by name, because what it says that they do not know may be an order that is out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from callsheet.jobs.errors import SnapshotUnreadableError
from callsheet.jobs.model import Job, Shot
from callsheet.jobs.tables import JOBS, SHOTS, job_of, row_of_job, shot_of
from callsheet.ports.database import Row, UtcTime

FORMAT: Final = "callsheet recovery"
VERSION: Final = 1

Record = Mapping[str, Any]


class RecordKind(StrEnum):
    """What a record of a snapshot tells."""

    SHOT = "shot"
    TAKE = "take"
    ENTRY = "entry"  # of the ledger of money
    ASSET = "asset"
    OUTPUT = "output"  # of a take
    LINEAGE = "lineage"
    REFERENCE = "reference"
    DECISION = "decision"
    VERDICT = "verdict"  # of a quality gate
    JUDGING = "judging"  # of a take, by a model that sees
    SCENE = "scene"
    OPERATION = "operation"  # of the manifest
    MANIFEST = "manifest"  # as it was at a revision
    COMMENT = "comment"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A job as its newest snapshot tells it; `sequence` is the journal's number then."""

    key: str
    sequence: int
    job: Job
    head: Record
    records: Sequence[Record]

    def of(self, kind: RecordKind) -> Iterator[Record]:
        """Go through the records of one kind, in the order in which they were written."""
        return (record for record in self.records if record["kind"] == kind)


def head_of(job: Job, now: datetime, by: str, more: Record) -> dict[str, Any]:
    """Write the head of a snapshot; `by` is the version of callsheet that writes it."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "sequence": job.work.sequence,
        "written_at": now.isoformat(),
        "written_by": by,
        "job": told(row_of_job(job)),
        **more,
    }


def check_format(key: str, head: Record) -> None:
    """Refuse what is no snapshot, or is of a newer version. Raises SnapshotUnreadableError."""
    if head.get("format") != FORMAT:
        raise SnapshotUnreadableError(key, "it is no recovery snapshot of callsheet")
    version = head.get("version")
    if not isinstance(version, int) or not 1 <= version <= VERSION:
        raise SnapshotUnreadableError(
            key,
            f"it is of version {version} of the format, and this callsheet reads up to {VERSION};"
            f" restore with callsheet {head.get('written_by', '')}, which wrote it, or a newer one",
        )


def job_in(head: Record) -> Job:
    """Read the job of a snapshot."""
    return job_of(row_in(JOBS, head["job"]))


def records_of(
    kind: RecordKind, table: sa.Table, rows: Iterable[Sequence[Any]]
) -> list[dict[str, Any]]:
    """Write whole rows of a table, by place, as records: what has no value is left out."""
    names = [column.name for column in table.columns]
    times = [column.name for column in table.columns if isinstance(column.type, UtcTime)]
    records: list[dict[str, Any]] = []
    for row in rows:
        record = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for name in times:
            if name in record:
                record[name] = record[name].isoformat()
        record["kind"] = kind
        records.append(record)
    return records


def shot_in(record: Record) -> Shot:
    """Read a shot back."""
    return shot_of(row_in(SHOTS, record))


def told(row: Row) -> dict[str, Any]:
    """Write a row as JSON: what has no value is left out."""
    return {
        str(name): value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if value is not None
    }


def row_in(table: sa.Table, record: Record) -> dict[str, Any]:
    """Read a row of a table back; a column that the record does not know has no value."""
    row = {column.name: record.get(column.name) for column in table.columns}
    for column in table.columns:
        text = row[column.name]
        if isinstance(column.type, UtcTime) and text is not None:
            row[column.name] = datetime.fromisoformat(text)
    return row
