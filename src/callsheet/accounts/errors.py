"""Who is not let in."""

from typing import ClassVar

from callsheet.kernel.errors import CallsheetError, NotFoundError


class UnauthorizedError(CallsheetError):
    """No key, or one that opens nothing (any more)."""

    code: ClassVar[str] = "unauthorized"

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason}; send Authorization: Bearer cs_… (callsheet keys create)")


class ForbiddenError(CallsheetError):
    """The key is good, but its role may not do this."""

    code: ClassVar[str] = "forbidden"

    def __init__(self, role: str, needed: str) -> None:
        super().__init__(f"this needs the role {needed!r}, the key has {role!r}")
        self.role, self.needed = role, needed


class KeyNotFoundError(NotFoundError):
    """No such API key."""

    code: ClassVar[str] = "key_not_found"

    def __init__(self, key: str) -> None:
        super().__init__("API key", key)
