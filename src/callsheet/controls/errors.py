"""What the controls refuse."""

from typing import ClassVar

from callsheet.kernel.errors import ConflictError, shown


class IdempotencyMismatchError(ConflictError):
    """The idempotency key was used before, with another body."""

    code: ClassVar[str] = "idempotency_mismatch"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key {shown(key)!r} was used for another request; choose a new key"
        )
        self.key = key
