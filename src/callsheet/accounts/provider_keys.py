"""Rows of providers' keys, sealed, and of who did what with them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.accounts.model import SERVER
from callsheet.kernel.ids import new_id
from callsheet.ports.database import METADATA, UtcTime

PROVIDER_KEYS = sa.Table(
    "provider_keys",
    METADATA,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("scope", sa.Text, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("last4", sa.Text, nullable=False),
    sa.Column("updated_at", UtcTime, nullable=False),
)
AUDIT = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("workspace", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Index(None, "workspace", "at"),
)


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A provider's key as we keep it; `workspace` is SERVER for the server's own."""

    workspace: str
    provider: str
    scope: str
    sealed: bytes
    last4: str
    updated_at: datetime

    @property
    def place(self) -> str:
        """Where it is kept: what its seal is bound to."""
        return f"{self.workspace or 'the server'}/{self.provider}/{self.scope}"


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person did, with what, and what came of it."""

    workspace: str
    at: datetime
    actor: str
    action: str
    subject: str
    outcome: str


class ProviderKeyStore:
    """Reads and writes sealed keys; every method works in the caller's transaction."""

    async def put(self, connection: AsyncConnection, key: SealedKey) -> None:
        """Write a key in place of the one before."""
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        place = {"workspace": key.workspace, "provider": key.provider, "scope": key.scope}
        held = {"sealed": key.sealed, "last4": key.last4, "updated_at": key.updated_at}
        statement = insert(PROVIDER_KEYS).values({**place, **held})
        await connection.execute(
            statement.on_conflict_do_update(index_elements=list(place), set_=held)
        )

    async def of(self, connection: AsyncConnection, workspace: str) -> list[SealedKey]:
        """List the keys of a workspace and those of the server."""
        query = sa.select(PROVIDER_KEYS).where(PROVIDER_KEYS.c.workspace.in_((workspace, SERVER)))
        rows = await connection.execute(
            query.order_by(
                PROVIDER_KEYS.c.provider, PROVIDER_KEYS.c.scope, PROVIDER_KEYS.c.workspace
            )
        )
        return [SealedKey(**row) for row in rows.mappings()]

    async def all(self, connection: AsyncConnection) -> list[SealedKey]:
        """List the keys of every workspace and of the server."""
        query = sa.select(PROVIDER_KEYS).order_by(
            PROVIDER_KEYS.c.workspace, PROVIDER_KEYS.c.provider, PROVIDER_KEYS.c.scope
        )
        return [SealedKey(**row) for row in (await connection.execute(query)).mappings()]

    async def reseal(self, connection: AsyncConnection, key: SealedKey, sealed: bytes) -> bool:
        """Write a key's new seal in place of the one it has; False if somebody changed it."""
        changed = sa.update(PROVIDER_KEYS).where(
            PROVIDER_KEYS.c.workspace == key.workspace,
            PROVIDER_KEYS.c.provider == key.provider,
            PROVIDER_KEYS.c.scope == key.scope,
            PROVIDER_KEYS.c.sealed == key.sealed,
        )
        written = changed.values(sealed=sealed).returning(PROVIDER_KEYS.c.scope)
        return (await connection.execute(written)).first() is not None

    async def remove(
        self, connection: AsyncConnection, workspace: str, provider: str, scope: str
    ) -> bool:
        """Delete a key; False if there was none."""
        gone = sa.delete(PROVIDER_KEYS).where(
            PROVIDER_KEYS.c.workspace == workspace,
            PROVIDER_KEYS.c.provider == provider,
            PROVIDER_KEYS.c.scope == scope,
        )
        deleted = await connection.execute(gone.returning(PROVIDER_KEYS.c.scope))
        return deleted.first() is not None


class AuditStore:
    """Appends to the book of deeds; every method works in the caller's transaction."""

    async def note(self, connection: AsyncConnection, deed: Deed) -> None:
        """Write a deed down."""
        row = {name: getattr(deed, name) for name in Deed.__dataclass_fields__}
        await connection.execute(sa.insert(AUDIT), {"id": new_id("deed"), **row})

    async def of(
        self, connection: AsyncConnection, workspaces: Collection[str], limit: int
    ) -> list[Deed]:
        """List the latest deeds in some workspaces, newest first."""
        query = sa.select(AUDIT).where(AUDIT.c.workspace.in_(workspaces))
        rows = await connection.execute(query.order_by(AUDIT.c.at.desc()).limit(limit))
        return [
            Deed(**{name: row[name] for name in Deed.__dataclass_fields__})
            for row in rows.mappings()
        ]
