"""Letting people in."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.accounts.access import Call, who_calls
from callsheet.accounts.errors import (
    ForbiddenError,
    LastKeyError,
    MemberDisabledError,
    UnauthorizedError,
)
from callsheet.accounts.model import (
    LASTS,
    ApiKey,
    Caller,
    Credentials,
    Role,
    Session,
    digest_of_secret,
    new_secret,
    new_session_secret,
)
from callsheet.accounts.store import KeyStore, MemberStore, SessionStore
from callsheet.kernel.errors import UnavailableError
from callsheet.kernel.ids import LOCAL_WORKSPACE, WorkspaceId, new_id
from callsheet.ports.database import Database


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just begun; its secret is answered here and never again."""

    session: Session
    secret: str
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Accounts:
    """API keys and sessions: made, checked, ended. Each verb raises DatabaseUnavailableError."""

    database: Database
    clock: Callable[[], datetime]
    keys: KeyStore
    members: MemberStore
    sessions: SessionStore

    async def create(
        self,
        name: str,
        role: Role,
        workspace: WorkspaceId = LOCAL_WORKSPACE,
        member: str = "",
    ) -> tuple[ApiKey, str]:
        """Make a key; its secret is answered here and never again.

        `member` is the id or e-mail address of the person whose key it is; "" for nobody's in
        particular. Raises MemberNotFoundError, MemberDisabledError.
        """
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
            if member:
                owner = await self.members.find(connection, workspace, member, locked=True)
                if owner.disabled_at is not None:
                    raise MemberDisabledError(owner.email)
                key = replace(key, member=owner.id)
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

    async def still_good(self, credentials: Collection[str]) -> set[str]:
        """Tell which of some callers' credentials still let them in.

        These are `Caller.credential`: ids of keys and of sessions, or "" for the local admin.
        """
        now = self.clock()
        async with self.database.read() as connection:
            good = await self.keys.good(connection, credentials)
            good |= await self.sessions.good(connection, credentials, now)
            if "" in credentials and not await self.keys.any_ever(connection):
                good.add("")
        return good

    async def admit(self, call: Call, needed: Role) -> Caller:
        """Tell who is asking, and note that their session is used.

        Raises as `who_calls`, and ForbiddenError if their role is too low.
        """
        now = self.clock()
        async with self.database.read() as connection:
            found = await self._credentials(connection, call)
            session = found.session if found else None
            is_keyless = call.secret is None and not await self.keys.any_ever(connection)
        caller = who_calls(call, found, is_keyless=is_keyless, now=now)
        if not caller.role.allows(needed):
            raise ForbiddenError(caller.role, needed)
        if session is not None and session.is_stale(now):
            with suppress(UnavailableError):  # the next request notes it
                async with self.database.begin(small=True) as connection:
                    await self.sessions.saw(connection, session.id, now)
        return caller

    async def _credentials(self, connection: AsyncConnection, call: Call) -> Credentials | None:
        """Read what belongs to the key that was sent, or else to the session."""
        if call.secret is not None:
            return await self.keys.by_digest(connection, digest_of_secret(call.secret))
        if call.session is not None:
            return await self.sessions.by_digest(connection, digest_of_secret(call.session))
        return None

    async def sign_in(self, secret: str) -> SignedIn:
        """Begin a session with a key: it may do what the key may, and ends with it.

        Raises UnauthorizedError for a key that lets nobody in.
        """
        now, session_secret = self.clock(), new_session_secret()
        async with self.database.begin(small=True) as connection:
            found = await self.keys.by_digest(connection, digest_of_secret(secret))
            fault = found.fault if found else "the key is not valid"
            if found is None or fault:
                raise UnauthorizedError(fault)
            session = Session(
                id=new_id("ses"),
                key=found.key.id,
                digest=digest_of_secret(session_secret),
                created_at=now,
                seen_at=now,
                expires_at=now + LASTS,
            )
            await self.sessions.add(connection, session)
        return SignedIn(session, session_secret, replace(found, session=session))

    async def sign_out(self, session: str) -> None:
        """End a session at once; one that has ended stays so."""
        async with self.database.begin(small=True) as connection:
            await self.sessions.end(connection, session)

    async def credentials_of(self, caller: Caller) -> Credentials | None:
        """Read what let a caller in; None for the local admin, and for what has just ended."""
        async with self.database.read() as connection:
            if caller.session:
                return await self.sessions.by_id(connection, caller.session)
            return await self.keys.by_id(connection, caller.key) if caller.key else None
