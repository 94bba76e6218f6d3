"""Members: people in a workspace, added and disabled."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from callsheet.accounts.model import Member, Role
from callsheet.accounts.provider_keys import AuditStore, Deed
from callsheet.accounts.store import MemberStore, SessionStore
from callsheet.kernel.errors import FieldError, InvalidInputError, shown
from callsheet.kernel.ids import WorkspaceId, new_id
from callsheet.ports.database import Database

_EMAIL: Final = re.compile(r"[^\s@<>\x00-\x1f\x7f]+@[^\s@<>\x00-\x1f\x7f]+\.[^\s@<>\x00-\x1f\x7f]+")
_MOST_EMAIL: Final = 254  # characters (RFC 5321, 4.5.3.1.3)
_MOST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Members:
    """Verbs on members; each is one transaction and noted in the audit.

    Each raises DatabaseUnavailableError.
    """

    database: Database
    store: MemberStore
    sessions: SessionStore
    audit: AuditStore
    clock: Callable[[], datetime]

    async def add(
        self, workspace: WorkspaceId, name: str, email: str, role: Role, *, by: str
    ) -> Member:
        """Add a person to a workspace; keys are made for them with `Accounts.create`.

        An e-mail address is one person's in a workspace, whatever its case. Raises
        InvalidInputError, MemberExistsError.
        """
        member = Member(
            id=new_id("mem"),
            workspace=workspace,
            name=_checked_name(name),
            email=_checked_email(email),
            role=role,
            created_at=self.clock(),
        )
        async with self.database.begin() as connection:
            await self.store.add(connection, member)
            await self.audit.note(connection, self._deed(member, "add", by))
        return member

    async def listed(self, workspace: WorkspaceId) -> list[Member]:
        """List the members of a workspace, oldest first, the disabled ones too."""
        async with self.database.read() as connection:
            return await self.store.listed(connection, workspace)

    async def disable(self, workspace: WorkspaceId, member: str, *, by: str) -> Member:
        """End a member's sessions and let their keys let nobody in; at once, in every process.

        `member` is an id or an e-mail address. Repeating it is fine. Raises MemberNotFoundError.
        """
        return await self._set(workspace, member, self.clock(), by)

    async def enable(self, workspace: WorkspaceId, member: str, *, by: str) -> Member:
        """Let a disabled member in again, with the keys that they had.

        Repeating it is fine. Raises MemberNotFoundError.
        """
        return await self._set(workspace, member, None, by)

    async def _set(
        self, workspace: WorkspaceId, name: str, disabled_at: datetime | None, by: str
    ) -> Member:
        async with self.database.begin() as connection:
            member = await self.store.find(connection, workspace, name, locked=True)
            if (member.disabled_at is None) == (disabled_at is None):
                return member
            await self.store.set_disabled(connection, member.id, disabled_at)
            await self.sessions.end_of_member(connection, member.id)
            action = "enable" if disabled_at is None else "disable"
            await self.audit.note(connection, self._deed(member, action, by))
        return replace(member, disabled_at=disabled_at)

    def _deed(self, member: Member, action: str, by: str) -> Deed:
        return Deed(member.workspace, self.clock(), by, f"member.{action}", member.email, "done")


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _MOST_NAME or not name.isprintable():
        message = f"write a name of 1 to {_MOST_NAME} characters"
        raise InvalidInputError(f"name: {message}", [FieldError("name", message, shown(text))])
    return name


def _checked_email(text: str) -> str:
    email = text.strip().lower()
    if len(email) > _MOST_EMAIL or _EMAIL.fullmatch(email) is None:
        message = "write an e-mail address such as maya@example.com"
        raise InvalidInputError(f"email: {message}", [FieldError("email", message, shown(text))])
    return email
