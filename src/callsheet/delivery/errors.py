"""What can go wrong on handing over."""

from typing import ClassVar

from callsheet.kernel.errors import CallsheetError, shown


class LinkRefusedError(CallsheetError):
    """A link is not ours, was changed, or has expired."""

    code: ClassVar[str] = "link_refused"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the link to {shown(path)} {reason}; ask for a fresh one")
        self.path, self.reason = path, reason


class LedgerCorruptError(CallsheetError):
    """A ledger object is damaged and no older good version was found."""

    code: ClassVar[str] = "ledger_corrupt"

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"ledger object {key} is damaged: {reason}")
        self.key, self.reason = key, reason
