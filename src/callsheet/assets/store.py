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
from callsheet.ports.database import METADATA, Row, UtcTime, bound, one_of

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
    sa.Column("examine_at", sa.Float),
    sa.Column("unreadable", sa.Text),
    sa.Index(
        "ix_assets_to_examine",
        "examine_at",
        postgresql_where=sa.text("examine_at IS NOT NULL"),
        sqlite_where=sa.text("examine_at IS NOT NULL"),
    ),
)
_EXAMINED = (
    sa.update(ASSETS)
    .where(
        ASSETS.c.workspace == bound(ASSETS.c.workspace), ASSETS.c.sha256 == bound(ASSETS.c.sha256)
    )
    .values(
        width=bound(ASSETS.c.width),
        height=bound(ASSETS.c.height),
        thumbnail=bound(ASSETS.c.thumbnail),
        unreadable=bound(ASSETS.c.unreadable),
        examine_at=None,
    )
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
                row.media_type,
                row.beginning,
                row.width,
                row.height,
                row.thumbnail,
                row.duration_s,
                row.sample_rate,
                row.channels,
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

    async def any_to_examine(self, connection: AsyncConnection, now: float) -> bool:
        """Tell whether something that was stored unseen is due to be looked at."""
        due = ASSETS.c.examine_at.is_not(None), ASSETS.c.examine_at <= now
        query = sa.select(ASSETS.c.sha256).where(*due).limit(1)
        return (await connection.execute(query)).first() is not None

    async def claim_to_examine(
        self, connection: AsyncConnection, now: float, until: float, limit: int
    ) -> list[tuple[WorkspaceId, Sha256, str]]:
        """Take what was stored unseen and is due to be looked at: workspace, name, take.

        Nobody else takes it before `until`.
        """
        due = (
            sa.select(ASSETS.c.workspace, ASSETS.c.sha256)
            .where(ASSETS.c.examine_at.is_not(None), ASSETS.c.examine_at <= now)
            .order_by(ASSETS.c.examine_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        claim = (
            sa.update(ASSETS)
            .where(sa.tuple_(ASSETS.c.workspace, ASSETS.c.sha256).in_(due))
            .values(examine_at=until)
            .returning(ASSETS.c.workspace, ASSETS.c.sha256, ASSETS.c.made_from)
        )
        return [
            (WorkspaceId(row.workspace), Sha256(row.sha256), str(row.made_from.get("take", "")))
            for row in await connection.execute(claim)
        ]

    async def examined(
        self,
        connection: AsyncConnection,
        found: Iterable[tuple[WorkspaceId, Sha256, AssetFacts, str | None]],
    ) -> None:
        """Write what looking at files showed: workspace, name, facts, and why one is unreadable."""
        rows = [
            {
                "b_workspace": workspace,
                "b_sha256": sha256,
                "b_width": facts.width,
                "b_height": facts.height,
                "b_thumbnail": facts.thumbnail,
                "b_unreadable": unreadable,
            }
            for workspace, sha256, facts, unreadable in sorted(found, key=lambda each: each[:2])
        ]
        if rows:
            await connection.execute(_EXAMINED, rows)


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
        examine_at=row["examine_at"],
        unreadable=row["unreadable"],
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
        "examine_at": asset.examine_at,
        "unreadable": asset.unreadable,
    }
