"""What can go wrong on handing over."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from callsheet.kernel.errors import CallsheetError, ConflictError, FieldError, shown


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


class PackageRefusedError(ConflictError):
    """A package is refused; `errors` names each reason and the file that it is about."""

    code: ClassVar[str] = "package_refused"

    def __init__(self, message: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.errors = tuple(errors)


class PackageNotReadyError(PackageRefusedError):
    """The job still runs, or was stopped; what it has made by now is not all."""

    code: ClassVar[str] = "package_not_ready"

    def __init__(self, job: str, status: str, missing: Sequence[str]) -> None:
        count = f"{len(missing)} of its files are missing" if missing else "it is not delivered yet"
        super().__init__(
            f"job {job} is {status} and {count}; wait for its end, or ask for a partial package",
            [FieldError(each, "is not made") for each in missing],
        )


class ReleaseRefusedError(PackageRefusedError):
    """Rules refuse that some files leave; an admin may override that with a reason."""

    code: ClassVar[str] = "release_refused"

    def __init__(self, job: str, refused: Sequence[tuple[str, str]]) -> None:
        first = refused[0][1]
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        super().__init__(
            f"job {job} may not leave: {first}{more}. An admin may override this with a reason",
            [FieldError(name, message) for name, message in refused],
        )


class NamesCollideError(PackageRefusedError):
    """Several files would have the same name; nothing was written."""

    code: ClassVar[str] = "names_collide"

    def __init__(self, collisions: Mapping[str, Sequence[str]]) -> None:
        first, asked = next(iter(collisions.items()))
        more = f" (and {len(collisions) - 1} more names)" if len(collisions) > 1 else ""
        super().__init__(
            f"{first} would be the name of {' and of '.join(asked[:3])}{more}; add a field that"
            " tells them apart, such as {row} or {variant}",
            [
                FieldError(each, f"asked for by {', '.join(who)}")
                for each, who in collisions.items()
            ],
        )


class AssetDamagedError(PackageRefusedError):
    """A file in the store is not what its name says, or is gone; it goes out in no package."""

    code: ClassVar[str] = "asset_damaged"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"file {name} in the store {reason}; bring it back from a backup")
        self.name, self.reason = name, reason
