"""What can be wrong with an asset."""

from typing import ClassVar

from callsheet.kernel.errors import (
    CallsheetError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
)
from callsheet.ports.pictures import UnreadablePictureError


class AssetNotFoundError(NotFoundError):
    """No such asset in this workspace."""

    code: ClassVar[str] = "asset_not_found"

    def __init__(self, sha256: str) -> None:
        super().__init__("asset", sha256)


class AssetUnreadableError(ConflictError):
    """The file was made and paid for, and proved to be no picture that can be read."""

    code: ClassVar[str] = "asset_unreadable"

    def __init__(self, sha256: str, reason: str) -> None:
        super().__init__(f"asset {sha256[:16]}… cannot be shown: {reason}; have it made again")


class OutputTooLargeError(CallsheetError):
    """What a provider made is larger than anything it was asked for."""

    code: ClassVar[str] = "output_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"the output has more than the {limit:,} bytes that are allowed")


class UnreadableTextError(UnreadablePictureError):
    """The bytes are not a text that can be read: not UTF-8, or nothing to be seen in it."""

    code: ClassVar[str] = "unreadable_text"

    def __init__(self, reason: str) -> None:
        InvalidInputError.__init__(self, f"not a usable text: {reason}")
        self.reason = reason
