"""Rows of API keys, members and sessions."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.accounts.errors import KeyNotFoundError, MemberExistsError, MemberNotFoundError
from callsheet.accounts.model import IDLE, ApiKey, Credentials, Member, Role, Session
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.database import METADATA, UtcTime

KEYS = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("last4", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("revoked_at", UtcTime),
    # When somebody said that the server is to be open again: from then on the key, long revoked,
    # does not count as one that ever was.
    sa.Column("opened_at", UtcTime),
    sa.Column("member", sa.Text),
)
MEMBERS = sa.Table(
    "members",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("disabled_at", UtcTime),
    sa.UniqueConstraint("workspace", "email"),
)
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, sa.ForeignKey(KEYS.c.id), nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("seen_at", UtcTime, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
    sa.Index(None, "expires_at"),
)
_WITH_MEMBERS = KEYS.outerjoin(MEMBERS, MEMBERS.c.id == KEYS.c.member)
_WITH_SESSIONS = SESSIONS.join(KEYS).outerjoin(MEMBERS, MEMBERS.c.id == KEYS.c.member)
_GOOD = sa.and_(KEYS.c.revoked_at.is_(None), MEMBERS.c.disabled_at.is_(None))
_ANY_EVER = sa.select(KEYS.c.id).where(KEYS.c.opened_at.is_(None)).limit(1)


def _key(row: sa.RowMapping) -> ApiKey:
    return ApiKey(
        id=row[KEYS.c.id],
        workspace=WorkspaceId(row[KEYS.c.workspace]),
        name=row[KEYS.c.name],
        role=Role(row[KEYS.c.role]),
        digest=row[KEYS.c.digest],
        last4=row[KEYS.c.last4],
        created_at=row[KEYS.c.created_at],
        revoked_at=row[KEYS.c.revoked_at],
        member=row[KEYS.c.member] or "",
    )


def _member(row: sa.RowMapping) -> Member | None:
    if row[MEMBERS.c.id] is None:
        return None  # the key is nobody's in particular
    return Member(
        id=row[MEMBERS.c.id],
        workspace=WorkspaceId(row[MEMBERS.c.workspace]),
        name=row[MEMBERS.c.name],
        email=row[MEMBERS.c.email],
        role=Role(row[MEMBERS.c.role]),
        created_at=row[MEMBERS.c.created_at],
        disabled_at=row[MEMBERS.c.disabled_at],
    )


def _session(row: sa.RowMapping) -> Session:
    return Session(
        id=row[SESSIONS.c.id],
        key=row[SESSIONS.c.key],
        digest=row[SESSIONS.c.digest],
        created_at=row[SESSIONS.c.created_at],
        seen_at=row[SESSIONS.c.seen_at],
        expires_at=row[SESSIONS.c.expires_at],
    )


class KeyStore:
    """Reads and writes API keys; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, key: ApiKey) -> None:
        """Write a new key."""
        await connection.execute(
            sa.insert(KEYS),
            {
                "id": key.id,
                "workspace": key.workspace,
                "name": key.name,
                "role": key.role,
                "digest": key.digest,
                "last4": key.last4,
                "created_at": key.created_at,
                "revoked_at": key.revoked_at,
                "member": key.member or None,
            },
        )

    async def by_digest(self, connection: AsyncConnection, digest: str) -> Credentials | None:
        """Find the key with this digest, and whose it is."""
        return await self._where(connection, KEYS.c.digest == digest)

    async def by_id(self, connection: AsyncConnection, key: str) -> Credentials | None:
        """Find a key by its id, and whose it is."""
        return await self._where(connection, KEYS.c.id == key)

    async def _where(
        self, connection: AsyncConnection, condition: sa.ColumnElement[bool]
    ) -> Credentials | None:
        query = sa.select(KEYS, MEMBERS).select_from(_WITH_MEMBERS).where(condition)
        row = (await connection.execute(query)).mappings().first()
        return Credentials(_key(row), _member(row)) if row else None

    async def good(self, connection: AsyncConnection, keys: Collection[str]) -> set[str]:
        """Name those of some keys that let somebody in."""
        query = sa.select(KEYS.c.id).select_from(_WITH_MEMBERS).where(_GOOD, KEYS.c.id.in_(keys))
        return set((await connection.execute(query)).scalars())

    async def in_force(self, connection: AsyncConnection, *, locked: bool = False) -> list[str]:
        """Name every key in force; `locked`, nobody revokes one of them until we are done."""
        query = sa.select(KEYS.c.id).where(KEYS.c.revoked_at.is_(None)).order_by(KEYS.c.id)
        query = query.with_for_update() if locked else query
        return list((await connection.execute(query)).scalars())

    async def any_ever(self, connection: AsyncConnection) -> bool:
        """Tell whether any key has existed since the server was last opened, revoked or not."""
        return (await connection.execute(_ANY_EVER)).first() is not None

    async def open(self, connection: AsyncConnection, now: datetime) -> None:
        """Let no key count any more that is revoked."""
        revoked = KEYS.c.revoked_at.is_not(None) & KEYS.c.opened_at.is_(None)
        await connection.execute(sa.update(KEYS).where(revoked).values(opened_at=now))

    async def listed(self, connection: AsyncConnection) -> list[ApiKey]:
        """List all keys, oldest first."""
        query = sa.select(KEYS).order_by(KEYS.c.id)
        return [_key(row) for row in (await connection.execute(query)).mappings()]

    async def revoke(self, connection: AsyncConnection, key: str, now: datetime) -> None:
        """Take a key out of force. Raises KeyNotFoundError."""
        update = sa.update(KEYS).where(KEYS.c.id == key, KEYS.c.revoked_at.is_(None))
        done = await connection.execute(update.values(revoked_at=now))
        if done.rowcount == 0:
            raise KeyNotFoundError(key)


class MemberStore:
    """Reads and writes members; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, member: Member) -> None:
        """Write a new member. Raises MemberExistsError."""
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        row = {
            "id": member.id,
            "workspace": member.workspace,
            "name": member.name,
            "email": member.email,
            "role": member.role,
            "created_at": member.created_at,
            "disabled_at": member.disabled_at,
        }
        add = insert(MEMBERS).on_conflict_do_nothing().returning(MEMBERS.c.id)
        if (await connection.execute(add, row)).first() is None:
            raise MemberExistsError(member.email)

    async def find(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        name: str,
        *,
        locked: bool = False,
    ) -> Member:
        """Read a member by id or e-mail address, `locked` until we are done.

        Raises MemberNotFoundError.
        """
        is_named = sa.or_(MEMBERS.c.id == name, MEMBERS.c.email == name.lower())
        found = await self._where(connection, workspace, is_named, locked=locked)
        if found is None:
            raise MemberNotFoundError(name)
        return found

    async def listed(self, connection: AsyncConnection, workspace: WorkspaceId) -> list[Member]:
        """List the members of a workspace, oldest first."""
        query = sa.select(MEMBERS).where(MEMBERS.c.workspace == workspace).order_by(MEMBERS.c.id)
        rows = (await connection.execute(query)).mappings()
        return [member for row in rows if (member := _member(row)) is not None]

    async def set_disabled(
        self, connection: AsyncConnection, member: str, at: datetime | None
    ) -> None:
        """Write since when a member is disabled; None for one who is not."""
        update = sa.update(MEMBERS).where(MEMBERS.c.id == member)
        await connection.execute(update.values(disabled_at=at))

    async def _where(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        condition: sa.ColumnElement[bool],
        *,
        locked: bool = False,
    ) -> Member | None:
        query = sa.select(MEMBERS).where(MEMBERS.c.workspace == workspace, condition)
        query = query.with_for_update() if locked else query
        row = (await connection.execute(query)).mappings().first()
        return _member(row) if row else None


class SessionStore:
    """Reads and writes sessions; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, session: Session) -> None:
        """Write a new session, and let those go that have ended by themselves."""
        over = SESSIONS.c.expires_at <= session.created_at
        await connection.execute(sa.delete(SESSIONS).where(over))
        row = {
            "id": session.id,
            "key": session.key,
            "digest": session.digest,
            "created_at": session.created_at,
            "seen_at": session.seen_at,
            "expires_at": session.expires_at,
        }
        await connection.execute(sa.insert(SESSIONS), row)

    async def by_digest(self, connection: AsyncConnection, digest: str) -> Credentials | None:
        """Find the session with this digest, the key that began it, and whose that is."""
        return await self._where(connection, SESSIONS.c.digest == digest)

    async def by_id(self, connection: AsyncConnection, session: str) -> Credentials | None:
        """Find a session by its id, the key that began it, and whose that is."""
        return await self._where(connection, SESSIONS.c.id == session)

    async def _where(
        self, connection: AsyncConnection, condition: sa.ColumnElement[bool]
    ) -> Credentials | None:
        query = sa.select(SESSIONS, KEYS, MEMBERS).select_from(_WITH_SESSIONS).where(condition)
        row = (await connection.execute(query)).mappings().first()
        return Credentials(_key(row), _member(row), _session(row)) if row else None

    async def good(
        self, connection: AsyncConnection, sessions: Collection[str], now: datetime
    ) -> set[str]:
        """Name those of some sessions that let somebody in."""
        lives = sa.and_(SESSIONS.c.expires_at > now, SESSIONS.c.seen_at > now - IDLE)
        query = sa.select(SESSIONS.c.id).select_from(_WITH_SESSIONS)
        query = query.where(SESSIONS.c.id.in_(sessions), lives, _GOOD)
        return set((await connection.execute(query)).scalars())

    async def saw(self, connection: AsyncConnection, session: str, now: datetime) -> None:
        """Note that a session is used, unless a later use is noted already."""
        earlier = sa.update(SESSIONS).where(SESSIONS.c.id == session, SESSIONS.c.seen_at < now)
        await connection.execute(earlier.values(seen_at=now))

    async def end_of_member(self, connection: AsyncConnection, member: str) -> None:
        """Let all sessions go that began with keys of a member."""
        keys = sa.select(KEYS.c.id).where(KEYS.c.member == member)
        await connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.key.in_(keys)))

    async def end(self, connection: AsyncConnection, session: str) -> None:
        """Let a session go."""
        await connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.id == session))
