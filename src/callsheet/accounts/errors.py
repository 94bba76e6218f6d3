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


class SealBrokenError(CallsheetError):
    """A sealed secret does not open: the master key is another one, or it was tampered with."""

    code: ClassVar[str] = "seal_broken"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"the key kept for {place} does not open with this master key; set CALLSHEET_MASTER_KEY"
            " to the one it was sealed with, or set the key again: callsheet keys set"
        )


class ProviderKeyNotFoundError(NotFoundError):
    """No key is kept for this provider and use."""

    code: ClassVar[str] = "provider_key_not_found"

    def __init__(self, provider: str, scope: str) -> None:
        super().__init__("provider key", f"{provider} {scope}")
