"""API keys and roles as values."""

import base64
import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from callsheet.kernel.ids import WorkspaceId

_PREFIX: Final = "cs_"
_BYTES: Final = 32


class Role(StrEnum):
    """What a member may do; each may do what those before it may."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def allows(self, needed: "Role") -> bool:
        """Tell whether this role is at least the needed one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Member:
    """Who is asking: a workspace, a role, and the key's id ("" without keys)."""

    workspace: WorkspaceId
    role: Role
    key: str = ""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as we keep it: never the secret, only its digest and last four characters."""

    id: str
    workspace: WorkspaceId
    name: str
    role: Role
    digest: str
    last4: str
    created_at: datetime
    revoked_at: datetime | None = None


def new_secret() -> str:
    """Make the secret of a new key: 256 random bits behind `cs_`."""
    return _PREFIX + base64.urlsafe_b64encode(os.urandom(_BYTES)).rstrip(b"=").decode()


def digest_of_secret(secret: str) -> str:
    """Digest a secret for storage; its 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
