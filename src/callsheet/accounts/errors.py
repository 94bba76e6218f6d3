"""Who is not let in."""

from collections.abc import Sequence
from typing import ClassVar, Final

from callsheet.kernel.errors import CallsheetError, ConflictError, NotFoundError, shown

_SHOWN_PLACES: Final = 20


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


class ServerOnlyError(CallsheetError):
    """What would change for every workspace is up to an admin of the server's own."""

    code: ClassVar[str] = "server_only"

    def __init__(self, what: str, workspace: str) -> None:
        super().__init__(
            f"{what} would change for every workspace: this needs an admin of the server's own"
            f" workspace, the key is one of {shown(workspace)!r}"
        )


class ForbiddenHostError(CallsheetError):
    """While no key is in force, only requests to this machine's own name are answered."""

    code: ClassVar[str] = "forbidden_host"

    def __init__(self, what: str, value: str) -> None:
        super().__init__(
            f"{what} {shown(value)!r} is not this machine; create a key (callsheet keys create)"
            " to be reached from elsewhere"
        )


class CrossSiteError(CallsheetError):
    """A change by a session did not come from a page of this server."""

    code: ClassVar[str] = "cross_site"

    def __init__(self, what: str, value: str) -> None:
        found = f"{what} is {shown(value)!r}" if value else f"no {what} was sent"
        super().__init__(
            f"with a session, changes and WebSockets are taken from pages of this server alone:"
            f" {found}; programs send Authorization: Bearer cs_… instead"
        )


class LastKeyError(ConflictError):
    """The last key in force is not revoked by the way: what then happens must be said."""

    code: ClassVar[str] = "last_key"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"{shown(key)} is the last key in force: create another one first (callsheet keys"
            " create NAME --role admin), or say --open: then this machine itself is let in without"
            " a key again, and everybody else is not let in at all"
        )


class MemberNotFoundError(NotFoundError):
    """No such member in this workspace."""

    code: ClassVar[str] = "member_not_found"

    def __init__(self, member: str) -> None:
        super().__init__("member", member)


class MemberExistsError(ConflictError):
    """The workspace has a member of this e-mail address."""

    code: ClassVar[str] = "member_exists"

    def __init__(self, email: str) -> None:
        super().__init__(
            f"{shown(email)} is a member's address already; see: callsheet members list"
        )


class MemberDisabledError(ConflictError):
    """A disabled member is given no key."""

    code: ClassVar[str] = "member_disabled"

    def __init__(self, member: str) -> None:
        super().__init__(
            f"member {shown(member)} is disabled; first: callsheet members enable {shown(member)}"
        )


class KeyNotFoundError(NotFoundError):
    """No such API key."""

    code: ClassVar[str] = "key_not_found"

    def __init__(self, key: str) -> None:
        super().__init__("API key", key)


class SealBrokenError(CallsheetError):
    """Sealed keys do not open: another master key sealed them, or they were tampered with."""

    code: ClassVar[str] = "seal_broken"

    def __init__(self, places: Sequence[str]) -> None:
        listed = ", ".join(places[:_SHOWN_PLACES]) + (", ..." if places[_SHOWN_PLACES:] else "")
        super().__init__(
            f"sealed under another master key than the one in force: the keys kept for {listed};"
            " set CALLSHEET_MASTER_KEY back to that one, or name it in CALLSHEET_FORMER_MASTER_KEY"
            " and run callsheet keys reseal, or set the keys again: callsheet keys set"
        )
        self.places = tuple(places)


class ProviderKeyNotFoundError(NotFoundError):
    """No key is kept for this provider and use."""

    code: ClassVar[str] = "provider_key_not_found"

    def __init__(self, provider: str, scope: str) -> None:
        super().__init__("provider key", f"{provider} {scope}")
