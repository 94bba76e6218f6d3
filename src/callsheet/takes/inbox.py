"""Rows of what passes between us and providers beside orders: webhooks in, references out."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId
from callsheet.ports.database import METADATA, UtcTime, one_of
from callsheet.ports.hosted import Uploaded, WebhookNote

KEPT: Final = timedelta(days=7)  # how long a webhook's body can be looked up
_STILL_GOOD: Final = timedelta(minutes=30)  # an upload must outlive the order that names it

WEBHOOKS = sa.Table(
    "webhooks",
    METADATA,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("take", sa.Text, nullable=False, index=True),
    sa.Column("ticket", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("received_at", UtcTime, nullable=False, index=True),
)
UPLOADS = sa.Table(
    "provider_uploads",
    METADATA,
    sa.Column("provider", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("expires_at", UtcTime, nullable=False),
)


class WebhookStore:
    """Keeps webhooks as they came; every method works in the caller's transaction."""

    async def keep(
        self,
        connection: AsyncConnection,
        provider: str,
        note: WebhookNote,
        take: TakeId,
        body: bytes,
        now: datetime,
    ) -> bool:
        """Write a verified webhook down; False if it came before."""
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        row = {
            "provider": provider,
            "id": note.id,
            "take": take,
            "ticket": note.ticket,
            "body": body,
            "received_at": now,
        }
        # asked for what was written: drivers do not agree on counting rows here
        add = insert(WEBHOOKS).on_conflict_do_nothing().returning(WEBHOOKS.c.id)
        return (await connection.execute(add, row)).first() is not None

    async def tickets_of(
        self, connection: AsyncConnection, provider: str, take: TakeId
    ) -> set[str]:
        """Name the provider's ids under which webhooks for a take came."""
        query = sa.select(WEBHOOKS.c.ticket).where(
            WEBHOOKS.c.provider == provider, WEBHOOKS.c.take == take
        )
        return {row.ticket for row in await connection.execute(query)}

    async def forget(self, connection: AsyncConnection, now: datetime) -> None:
        """Delete webhooks that were kept long enough."""
        await connection.execute(sa.delete(WEBHOOKS).where(WEBHOOKS.c.received_at < now - KEPT))


class UploadStore:
    """Remembers which references a provider holds, so that each goes there once."""

    async def find(
        self, connection: AsyncConnection, provider: str, sha256: Sha256, now: datetime
    ) -> str | None:
        """Read where a reference lies at a provider, if it lies there for long enough yet."""
        return await connection.scalar(
            sa.select(UPLOADS.c.url).where(
                UPLOADS.c.provider == provider,
                UPLOADS.c.sha256 == sha256,
                UPLOADS.c.expires_at > now + _STILL_GOOD,
            )
        )

    async def places(
        self, connection: AsyncConnection, provider: str, pictures: Collection[str]
    ) -> dict[str, str]:
        """Read where references lay at a provider last, whether they still do or not."""
        query = sa.select(UPLOADS.c.sha256, UPLOADS.c.url).where(
            UPLOADS.c.provider == provider, one_of(UPLOADS.c.sha256, pictures)
        )
        return {row.sha256: row.url for row in await connection.execute(query)}

    async def add(
        self, connection: AsyncConnection, provider: str, sha256: Sha256, uploaded: Uploaded
    ) -> None:
        """Write down where a reference lies now; the newest place counts."""
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        place = {"url": uploaded.url, "expires_at": uploaded.expires_at}
        row = {"provider": provider, "sha256": sha256, **place}
        keys = [UPLOADS.c.provider, UPLOADS.c.sha256]
        statement = insert(UPLOADS).values(row)
        await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=place))

    async def forget(self, connection: AsyncConnection, now: datetime) -> None:
        """Delete what has expired."""
        await connection.execute(sa.delete(UPLOADS).where(UPLOADS.c.expires_at < now))
