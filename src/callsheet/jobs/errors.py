"""What can be wrong with a job."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from callsheet.kernel.errors import CallsheetError, ConflictError, NotFoundError, shown


class JobNotFoundError(NotFoundError):
    """No such job in this workspace."""

    code: ClassVar[str] = "job_not_found"

    def __init__(self, job: str) -> None:
        super().__init__("job", job)


class IllegalMoveError(ConflictError):
    """The thing is in a state from which this move does not exist."""

    code: ClassVar[str] = "illegal_move"

    def __init__(self, kind: str, name: str, status: str, to: str) -> None:
        super().__init__(f"{kind} {name} is {status} and cannot become {to}")
        self.kind, self.name, self.status, self.to = kind, name, status, to


class AskedAlreadyError(ConflictError):
    """Somebody else has just begun a job that asks for exactly the same."""

    code: ClassVar[str] = "asked_already"

    def __init__(self, job: str) -> None:
        super().__init__(f"job {job} asks for exactly the same, and was begun a moment ago")
        self.job = job


class SnapshotUnreadableError(CallsheetError):
    """What lies in the store as a recovery snapshot cannot be read by this version."""

    code: ClassVar[str] = "snapshot_unreadable"

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key} is left alone: {reason}")
        self.key, self.reason = key, reason


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that somebody else has changed since: both values, who it was, and when in order."""

    entity: str
    field: str
    current: Any
    asked: Any
    revision: int
    by: str


class ManifestConflictError(ConflictError):
    """Fields were changed by somebody else since they were seen; nothing was written."""

    code: ClassVar[str] = "manifest_conflict"

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        first = conflicts[0]
        more = f", and {len(conflicts) - 1} more" if len(conflicts) > 1 else ""
        super().__init__(
            f"{first.entity}.{first.field} was changed by {first.by} (revision {first.revision})"
            f" since you saw it{more}; look at both values and decide"
        )
        self.conflicts = tuple(conflicts)
        self.current = [asdict(each) for each in conflicts]


class OperationReusedError(ConflictError):
    """An operation id stands for another edit already."""

    code: ClassVar[str] = "operation_reused"

    def __init__(self, op_id: str) -> None:
        super().__init__(f"operation {shown(op_id)!r} was something else; give each its own id")


class ManifestTooLargeError(ConflictError):
    """The job has too many shots to be edited field by field."""

    code: ClassVar[str] = "manifest_too_large"

    def __init__(self, job: str, most: int) -> None:
        super().__init__(f"job {job} has more than {most} shots; change its sheet and run that")


class VersionNotFoundError(NotFoundError):
    """The manifest has not come to that revision."""

    code: ClassVar[str] = "version_not_found"

    def __init__(self, revision: int, newest: int) -> None:
        super().__init__("manifest revision", str(revision), f"the newest is {newest}")
