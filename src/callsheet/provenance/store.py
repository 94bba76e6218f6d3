"""Rows of what was signed."""

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.database import METADATA, Row, UtcTime, one_of
from callsheet.ports.provenance import SourceType
from callsheet.provenance.model import Signature

SIGNATURES: Final = sa.Table(
    "signatures",
    METADATA,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("signed", sa.Text, nullable=False),
    sa.Column("sidecar", sa.Text),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("instance", sa.Text, nullable=False),
    sa.Column("manifest_sha256", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("source_type", sa.Text, nullable=False),
    sa.Column("signed_at", UtcTime, nullable=False),
    sa.Column("ingredients", sa.JSON, nullable=False),
    sa.Index("ix_signatures_signed", "workspace", "signed"),
    sa.Index("ix_signatures_instance", "instance"),
    sa.Index("ix_signatures_fingerprint", "fingerprint"),
)
_ADD: Final = {
    "sqlite": sqlite.insert(SIGNATURES).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(SIGNATURES).on_conflict_do_nothing(),
}


class SignatureStore:
    """Reads and writes what was signed; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, signature: Signature) -> Signature:
        """Write a signature; answers the one that counts: of two for a source and key, the first.

        On PostgreSQL a second writer waits until the first has committed or not.
        """
        await connection.execute(_ADD[connection.dialect.name], [row_of(signature)])
        found = await self.find(connection, signature.workspace, signature.source, signature.key_id)
        return found or signature

    async def find(
        self, connection: AsyncConnection, workspace: WorkspaceId, source: str, key_id: str
    ) -> Signature | None:
        """Find what an asset became when it was signed with a key."""
        of_source = SIGNATURES.c.workspace == workspace, SIGNATURES.c.source == source
        query = sa.select(SIGNATURES).where(*of_source, SIGNATURES.c.key_id == key_id)
        return await self._first(connection, query)

    async def of(
        self, connection: AsyncConnection, workspace: WorkspaceId, names: Collection[Sha256]
    ) -> list[Signature]:
        """Read every signature whose source or signed file is one of some, the newest last."""
        named = one_of(SIGNATURES.c.source, names) | one_of(SIGNATURES.c.signed, names)
        query = sa.select(SIGNATURES).where(SIGNATURES.c.workspace == workspace, named)
        rows = await connection.execute(query.order_by(SIGNATURES.c.signed_at))
        return [signature_of(row) for row in rows.mappings()]

    async def by_instance(
        self, connection: AsyncConnection, workspace: WorkspaceId, instance: str
    ) -> Signature | None:
        """Find what was signed under a name in the claim."""
        query = sa.select(SIGNATURES).where(
            SIGNATURES.c.workspace == workspace, SIGNATURES.c.instance == instance
        )
        return await self._first(connection, query)

    async def by_fingerprint(
        self, connection: AsyncConnection, workspace: WorkspaceId, fingerprint: Sha256
    ) -> Signature | None:
        """Find what was signed and shows the same."""
        query = sa.select(SIGNATURES).where(
            SIGNATURES.c.workspace == workspace, SIGNATURES.c.fingerprint == fingerprint
        )
        return await self._first(connection, query.order_by(SIGNATURES.c.signed_at))

    async def _first(self, connection: AsyncConnection, query: sa.Select[Any]) -> Signature | None:
        row = (await connection.execute(query.limit(1))).mappings().first()
        return None if row is None else signature_of(row)


def signature_of(row: Row) -> Signature:
    """Read a signature from its row."""
    return Signature(
        workspace=WorkspaceId(row["workspace"]),
        source=Sha256(row["source"]),
        key_id=row["key_id"],
        signed=Sha256(row["signed"]),
        sidecar=None if row["sidecar"] is None else Sha256(row["sidecar"]),
        media_type=row["media_type"],
        label=row["label"],
        instance=row["instance"],
        manifest_sha256=Sha256(row["manifest_sha256"]),
        fingerprint=Sha256(row["fingerprint"]),
        source_type=SourceType(row["source_type"]),
        signed_at=row["signed_at"],
        ingredients=tuple(row["ingredients"]),
    )


def row_of(signature: Signature) -> dict[str, Any]:
    """Write a signature as its row."""
    return {
        "workspace": signature.workspace,
        "source": signature.source,
        "key_id": signature.key_id,
        "signed": signature.signed,
        "sidecar": signature.sidecar,
        "media_type": signature.media_type,
        "label": signature.label,
        "instance": signature.instance,
        "manifest_sha256": signature.manifest_sha256,
        "fingerprint": signature.fingerprint,
        "source_type": signature.source_type.value,
        "signed_at": signature.signed_at,
        "ingredients": [dict(each) for each in signature.ingredients],
    }
