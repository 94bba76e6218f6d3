"""Letting people in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from callsheet.accounts.errors import ForbiddenError, UnauthorizedError
from callsheet.accounts.model import ApiKey, Member, Role, digest_of_secret, new_secret
from callsheet.accounts.store import KeyStore
from callsheet.kernel.ids import LOCAL_WORKSPACE, WorkspaceId, new_id
from callsheet.ports.database import Database


@dataclass(frozen=True, slots=True)
class Accounts:
    """API keys: made, checked, revoked."""

    database: Database
    keys: KeyStore
    clock: Callable[[], datetime]

    async def create(
        self, name: str, role: Role, workspace: WorkspaceId = LOCAL_WORKSPACE
    ) -> tuple[ApiKey, str]:
        """Make a key; its secret is answered here and never again."""
        secret = new_secret()
        key = ApiKey(
            id=new_id("key"),
            workspace=workspace,
            name=name,
            role=role,
            digest=digest_of_secret(secret),
            last4=secret[-4:],
            created_at=self.clock(),
        )
        async with self.database.begin() as connection:
            await self.keys.add(connection, key)
        return key, secret

    async def revoke(self, key: str) -> None:
        """Take a key out of force at once. Raises KeyNotFoundError."""
        async with self.database.begin() as connection:
            await self.keys.revoke(connection, key, self.clock())

    async def listed(self) -> list[ApiKey]:
        """List all keys."""
        async with self.database.read() as connection:
            return await self.keys.listed(connection)

    async def any_active(self) -> bool:
        """Tell whether any key is in force; while none is, only loopback may be served."""
        async with self.database.read() as connection:
            return await self.keys.any_active(connection)

    async def admit(self, secret: str | None, needed: Role) -> Member:
        """Tell who is asking. Raises UnauthorizedError, ForbiddenError.

        While no key is in force, whoever reaches us (on loopback) is the local admin.
        """
        async with self.database.read() as connection:
            if secret is None:
                if await self.keys.any_active(connection):
                    raise UnauthorizedError("a key is needed")
                return Member(LOCAL_WORKSPACE, Role.ADMIN)
            key = await self.keys.by_digest(connection, digest_of_secret(secret))
        if key is None or key.revoked_at is not None:
            raise UnauthorizedError("the key is not valid" if key is None else "the key is revoked")
        if not key.role.allows(needed):
            raise ForbiddenError(key.role, needed)
        return Member(key.workspace, key.role, key.id)
