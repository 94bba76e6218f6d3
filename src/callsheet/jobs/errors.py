"""What can be wrong with a job."""

from typing import ClassVar

from callsheet.kernel.errors import ConflictError, NotFoundError


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
