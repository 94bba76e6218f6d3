"""Rows of API keys."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.accounts.errors import KeyNotFoundError
from callsheet.accounts.model import ApiKey, Role
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
)


def _key(row: sa.RowMapping) -> ApiKey:
    return ApiKey(
        id=row["id"],
        workspace=WorkspaceId(row["workspace"]),
        name=row["name"],
        role=Role(row["role"]),
        digest=row["digest"],
        last4=row["last4"],
        created_at=row["created_at"],
        revoked_at=row["revoked_at"],
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
            },
        )

    async def by_digest(self, connection: AsyncConnection, digest: str) -> ApiKey | None:
        """Find the key with this digest."""
        query = sa.select(KEYS).where(KEYS.c.digest == digest)
        row = (await connection.execute(query)).mappings().first()
        return _key(row) if row else None

    async def in_force(self, connection: AsyncConnection, *, locked: bool = False) -> list[str]:
        """Name every key in force; `locked`, nobody revokes one of them until we are done."""
        query = sa.select(KEYS.c.id).where(KEYS.c.revoked_at.is_(None)).order_by(KEYS.c.id)
        query = query.with_for_update() if locked else query
        return list((await connection.execute(query)).scalars())

    async def any_ever(self, connection: AsyncConnection) -> bool:
        """Tell whether any key has existed since the server was last opened, revoked or not."""
        query = sa.select(KEYS.c.id).where(KEYS.c.opened_at.is_(None)).limit(1)
        return (await connection.execute(query)).first() is not None

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
