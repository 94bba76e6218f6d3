"""What can be wrong with a take."""

from typing import ClassVar

from callsheet.kernel.errors import NotFoundError


class TakeNotFoundError(NotFoundError):
    """No such take in this workspace."""

    code: ClassVar[str] = "take_not_found"

    def __init__(self, take: str) -> None:
        super().__init__("take", take)
