"""Letting people in."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from callsheet.accounts.access import Call
from callsheet.accounts.errors import ForbiddenError, LastKeyError, UnauthorizedError
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

    async def revoke(self, key: str, *, leave_open: bool = False) -> bool:
        """Take a key out of force at once; True if the server is open to this machine from now on.

        The last one goes only where `leave_open` says so. Raises KeyNotFoundError, LastKeyError.
        """
        now = self.clock()
        async with self.database.begin() as connection:
            in_force = await self.keys.in_force(connection, locked=True)
            if in_force == [key] and not leave_open:
                raise LastKeyError(key)
            await self.keys.revoke(connection, key, now)
            if in_force == [key]:
                await self.keys.open(connection, now)
        return in_force == [key]

    async def listed(self) -> list[ApiKey]:
        """List all keys."""
        async with self.database.read() as connection:
            return await self.keys.listed(connection)

    async def any_active(self) -> bool:
        """Tell whether any key is in force; while none is, only loopback may be served."""
        async with self.database.read() as connection:
            return bool(await self.keys.in_force(connection))

    async def any_ever(self) -> bool:
        """Tell whether any key has existed since the server was last opened."""
        async with self.database.read() as connection:
            return await self.keys.any_ever(connection)

    async def still_good(self, keys: Collection[str]) -> set[str]:
        """Tell which of some members' keys are still good; "" stands for being here without one."""
        async with self.database.read() as connection:
            good = set(keys).intersection(await self.keys.in_force(connection))
            if "" in keys and not await self.keys.any_ever(connection):
                good.add("")
        return good

    async def admit(self, call: Call, needed: Role) -> Member:
        """Tell who is asking. Raises UnauthorizedError, ForbiddenError, ForbiddenHostError.

        Without a key it is the local admin, if no key has ever existed and the request can only
        have come from this machine itself.
        """
        secret = call.secret
        async with self.database.read() as connection:
            if secret is None:
                if await self.keys.any_ever(connection):
                    raise UnauthorizedError("a key is needed")
                call.prove_local()
                call.refuse_strangers()
                return Member(LOCAL_WORKSPACE, Role.ADMIN)
            key = await self.keys.by_digest(connection, digest_of_secret(secret))
        if key is None or key.revoked_at is not None:
            raise UnauthorizedError("the key is not valid" if key is None else "the key is revoked")
        if not key.role.allows(needed):
            raise ForbiddenError(key.role, needed)
        return Member(key.workspace, key.role, key.id)
