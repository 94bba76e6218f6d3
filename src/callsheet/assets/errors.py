"""What can be wrong with an asset."""

from typing import ClassVar

from callsheet.kernel.errors import NotFoundError


class AssetNotFoundError(NotFoundError):
    """No such asset in this workspace."""

    code: ClassVar[str] = "asset_not_found"

    def __init__(self, sha256: str) -> None:
        super().__init__("asset", sha256)
