"""Reading how an asset came about: the take that made it, and what went into that."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.lineage import Kind, Relation, lineage_of
from callsheet.assets.model import asset_key
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.ports.blobs import BlobStore
from callsheet.ports.database import Database
from callsheet.ports.pictures import Studio, UnreadablePictureError
from callsheet.ports.provenance import ManifestRead, State, UnreadableManifestError
from callsheet.provenance.errors import SigningFailedError
from callsheet.provenance.statements import Used, is_by_model, references_of
from callsheet.provenance.verifying import Verifier
from callsheet.takes.model import Take
from callsheet.takes.store import TakeStore

_MOST_BYTES: Final = 160 << 20  # of all that went into one take


async def maker_of(
    connection: AsyncConnection, takes: TakeStore, workspace: WorkspaceId, asset: Sha256
) -> Take | None:
    """Find the take that made an asset: of several with equal bytes the first."""
    made = sorted(
        (fact.at, fact.name)
        for fact in await lineage_of(connection, workspace, [asset])
        if fact.relation is Relation.MADE_FROM and fact.kind is Kind.TAKE
    )
    return await takes.of_any_workspace(connection, TakeId(made[0][1])) if made else None


@dataclass(frozen=True, slots=True)
class Gathering:
    """Reads what went into takes, and what the manifests of it say."""

    database: Database
    blobs: BlobStore
    studio: Studio
    takes: TakeStore
    verifier: Verifier

    async def used(self, take: Take) -> list[Used]:
        """Read a take's references. Raises SigningFailedError where they are too large in all."""
        found: list[Used] = []
        size = 0
        for sha256, mode in references_of(take):
            content = await self.blobs.get(asset_key(sha256))
            size += len(content)
            if size > _MOST_BYTES:
                reason = f"its references have more than {_MOST_BYTES:,} bytes in all"
                raise SigningFailedError(take.asset or sha256, reason)
            found.append(await self._one(take.workspace, sha256, mode, content))
        return found

    async def _one(self, workspace: WorkspaceId, sha256: Sha256, mode: str, content: bytes) -> Used:
        try:
            media_type = self.studio.picture_type(content)
        except UnreadablePictureError:
            media_type = "application/octet-stream"
        try:
            read, _ = await self.verifier.read(content, media_type)
        except UnreadableManifestError:  # told as what it is, and never as a good one
            read = ManifestRead(State.INVALID)
        manifest: Mapping[str, Any] = {"state": read.state.value}
        if read.label:
            manifest = {**manifest, "label": read.label, "signer": read.signer or read.issuer}
        return Used(
            sha256,
            mode,
            content,
            media_type,
            await self._is_by_model(workspace, sha256, read.source_types),
            manifest,
        )

    async def _is_by_model(
        self, workspace: WorkspaceId, sha256: Sha256, source_types: Collection[str]
    ) -> bool:
        async with self.database.read() as connection:
            maker = await maker_of(connection, self.takes, workspace, sha256)
        return is_by_model(maker, source_types)
