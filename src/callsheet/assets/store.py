"""Rows of assets."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.errors import AssetNotFoundError
from callsheet.assets.model import Asset, AssetFacts
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.database import METADATA, Row, UtcTime, one_of

ASSETS = sa.Table(
    "assets",
    METADATA,
    sa.Column("workspace", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("made_from", sa.JSON, nullable=False),
    sa.Column("beginning", sa.Text),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("thumbnail", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("duration_s", sa.Float),
    sa.Column("frame_rate", sa.Float),
    sa.Column("sample_rate", sa.Integer),
    sa.Column("channels", sa.Integer),
)
_ADD = {
    "sqlite": sqlite.insert(ASSETS).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(ASSETS).on_conflict_do_nothing(),
}


class AssetStore:
    """Reads and writes assets; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, assets: Iterable[Asset]) -> None:
        """Write assets; one that the workspace has already stays as it was."""
        # in one order everywhere, so that two transactions never wait for each other in a ring
        rows = [row_of_asset(asset) for asset in sorted(assets, key=lambda asset: asset.sha256)]
        if rows:
            await connection.execute(_ADD[connection.dialect.name], rows)

    async def facts(
        self, connection: AsyncConnection, workspace: WorkspaceId, names: Collection[Sha256]
    ) -> dict[Sha256, AssetFacts]:
        """Read what people are told of some assets of a workspace."""
        if not names:
            return {}
        query = sa.select(ASSETS).where(
            ASSETS.c.workspace == workspace, one_of(ASSETS.c.sha256, names)
        )
        return {
            Sha256(row.sha256): AssetFacts(
                row.media_type, row.beginning, row.width, row.height, row.thumbnail
            )
            for row in await connection.execute(query)
        }

    async def find(
        self, connection: AsyncConnection, workspace: WorkspaceId | None, sha256: str
    ) -> Asset:
        """Read an asset of a workspace, or of any for a signed link. Raises AssetNotFoundError."""
        query = sa.select(ASSETS).where(ASSETS.c.sha256 == sha256)
        if workspace is not None:
            query = query.where(ASSETS.c.workspace == workspace)
        row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise AssetNotFoundError(sha256)
        return asset_of(row)

    async def some(
        self, connection: AsyncConnection, workspace: WorkspaceId, names: Collection[Sha256]
    ) -> list[Asset]:
        """Read some assets of a workspace, in order of their names."""
        query = sa.select(ASSETS).where(
            ASSETS.c.workspace == workspace, one_of(ASSETS.c.sha256, names)
        )
        rows = (await connection.execute(query.order_by(ASSETS.c.sha256))).mappings()
        return [asset_of(row) for row in rows]


def asset_of(row: Row) -> Asset:
    """Read an asset from its row."""
    return Asset(
        sha256=Sha256(row["sha256"]),
        workspace=WorkspaceId(row["workspace"]),
        media_type=row["media_type"],
        size=row["size"],
        created_at=row["created_at"],
        made_from=row["made_from"],
        beginning=row["beginning"],
        width=row["width"],
        height=row["height"],
        thumbnail=row["thumbnail"],
        duration_s=row["duration_s"],
        frame_rate=row["frame_rate"],
        sample_rate=row["sample_rate"],
        channels=row["channels"],
    )


def row_of_asset(asset: Asset) -> dict[str, Any]:
    """Write an asset as its row."""
    return {
        "workspace": asset.workspace,
        "sha256": asset.sha256,
        "media_type": asset.media_type,
        "size": asset.size,
        "made_from": dict(asset.made_from),
        "beginning": asset.beginning,
        "width": asset.width,
        "height": asset.height,
        "thumbnail": asset.thumbnail,
        "created_at": asset.created_at,
        "duration_s": asset.duration_s,
        "frame_rate": asset.frame_rate,
        "sample_rate": asset.sample_rate,
        "channels": asset.channels,
    }
