"""Roles, members, API keys and sessions as values."""

import base64
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from callsheet.kernel.ids import WorkspaceId

_PREFIX: Final = "cs_"
_BYTES: Final = 32

IDLE: Final = timedelta(hours=12)  # a session that is not used for so long has ended
LASTS: Final = timedelta(days=7)  # no session lasts longer, however it is used
_NOTED: Final = timedelta(minutes=5)  # how exactly the last use of a session is kept

SERVER: Final = ""  # in place of a workspace: for every workspace that has no key of its own
ANY_USE: Final = "any"  # in place of a use: for every use that has no key of its own
WEBHOOKS: Final = "webhook"  # in place of a use: signs a provider's webhooks, opens nothing there


class Role(StrEnum):
    """What somebody may do; each role may do what those before it may."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def allows(self, needed: "Role") -> bool:
        """Tell whether this role is at least the needed one."""
        return self.rank >= needed.rank

    @property
    def rank(self) -> int:
        """Where it stands among the roles, from 0."""
        return list(Role).index(self)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a workspace and a role, and what let them in.

    `key`, `session` and `member` are ids; "" where there is none. All are "" for the local admin,
    who is let in while no key has ever existed.
    """

    workspace: WorkspaceId
    role: Role
    key: str = ""
    session: str = ""
    member: str = ""

    @property
    def credential(self) -> str:
        """What let them in: the session's id or the key's; "" for the local admin."""
        return self.session or self.key

    @property
    def name(self) -> str:
        """Who they are in the ledger and the audit: the member's id, else the key's, or ""."""
        return self.member or self.key


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a workspace, who may do at most what their role may."""

    id: str
    workspace: WorkspaceId
    name: str
    email: str
    role: Role
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser as we keep it: of its secret we have only the digest.

    It ends when it was not used for `IDLE`, at `expires_at`, and with its `key`.
    """

    id: str
    key: str
    digest: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime

    def is_over(self, now: datetime) -> bool:
        """Tell whether it has ended by itself."""
        return now >= self.expires_at or now >= self.seen_at + IDLE

    def is_stale(self, now: datetime) -> bool:
        """Tell whether it was used so long after it was last noted that it is to be noted anew."""
        return now >= self.seen_at + _NOTED


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as we keep it: never the secret, only its digest and last four characters.

    `member` is the id of the person whose key it is; "" for one that is nobody's in particular.
    """

    id: str
    workspace: WorkspaceId
    name: str
    role: Role
    digest: str
    last4: str
    created_at: datetime
    revoked_at: datetime | None = None
    member: str = ""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is known of who asks: a key, whose key it is, and the session that it began, if any."""

    key: ApiKey
    member: Member | None = None
    session: Session | None = None

    @property
    def fault(self) -> str:
        """Why they let nobody in; "" if they do, as far as key and member go."""
        if self.key.revoked_at is not None:
            return "the key is revoked"
        if self.member is not None and self.member.disabled_at is not None:
            return "the member is disabled"
        return ""

    def caller(self) -> Caller:
        """Name who asks: with the lesser of the key's role and the member's."""
        role = self.key.role
        if self.member is not None:
            role = min(role, self.member.role, key=lambda each: each.rank)
        return Caller(
            self.key.workspace,
            role,
            self.key.id,
            self.session.id if self.session else "",
            self.key.member,
        )


def new_secret() -> str:
    """Make the secret of a new key: 256 random bits behind `cs_`."""
    return _PREFIX + new_session_secret()


def new_session_secret() -> str:
    """Make the secret of a session: 256 random bits."""
    return base64.urlsafe_b64encode(os.urandom(_BYTES)).rstrip(b"=").decode()


def digest_of_secret(secret: str) -> str:
    """Digest a secret for storage; its 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
