"""What can be wrong with a comment."""

from typing import ClassVar

from callsheet.kernel.errors import ConflictError, NotFoundError, shown


class CommentNotFoundError(NotFoundError):
    """No such comment on this job."""

    code: ClassVar[str] = "comment_not_found"

    def __init__(self, comment: str) -> None:
        super().__init__("comment", comment)


class CommentReusedError(ConflictError):
    """An operation id stands for another comment already."""

    code: ClassVar[str] = "operation_reused"

    def __init__(self, op_id: str) -> None:
        super().__init__(f"operation {shown(op_id)!r} was something else; give each its own id")


class TooManyCommentsError(ConflictError):
    """A job has as many comments as it may have."""

    code: ClassVar[str] = "too_many_comments"

    def __init__(self, job: str, most: int) -> None:
        super().__init__(f"job {job} has {most} comments; go on in a new job, or in its notes")
