"""All that is known of how one asset came about: its evidence, as a document and as a page."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.errors import AssetNotFoundError
from callsheet.assets.lineage import Kind, Lineage, Relation, lineage_of
from callsheet.assets.model import Asset, asset_key, thumbnail_key
from callsheet.assets.store import AssetStore
from callsheet.jobs.decisions import Decision, DecisionStore
from callsheet.kernel.digests import Sha256, is_sha256, sha256_of
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.moments import time_text
from callsheet.ports.blobs import BlobNotFoundError, BlobStore
from callsheet.ports.measuring import UnreadableMediaError
from callsheet.ports.pictures import Studio, UnreadablePictureError
from callsheet.ports.provenance import (
    SIDECAR_TYPE,
    File,
    ManifestRead,
    State,
    UnreadableManifestError,
)
from callsheet.provenance.documents import manifest_document, signature_document
from callsheet.provenance.model import Judgement, Signature, Verdict
from callsheet.provenance.page import evidence_page
from callsheet.provenance.recorded import Recorded
from callsheet.quality.states import quality_of
from callsheet.takes.model import Take
from callsheet.takes.store import TakeStore

_MOST_STEPS: Final = 60
_MOST_TAKES: Final = 40
_SHOWN_SIDE: Final = 960
_SMALL_SIDE: Final = 240
_MOST_SHOWN: Final = 64 << 20  # bytes of a file that is read to be shown


@dataclass(slots=True)
class _Known:
    """What was found on the way from an asset to where it comes from."""

    assets: dict[Sha256, Asset] = field(default_factory=dict)
    facts: list[Lineage] = field(default_factory=list)
    takes: dict[str, Take] = field(default_factory=dict)
    decisions: Sequence[Decision] = ()
    signatures: Sequence[Signature] = ()


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """Gathers the evidence of assets; each verb may raise what store and database raise."""

    assets: AssetStore
    takes: TakeStore
    decisions: DecisionStore
    blobs: BlobStore
    studio: Studio
    recorded: Recorded

    async def document(self, workspace: WorkspaceId, sha256: str) -> dict[str, Any]:
        """Tell all that is known of an asset, as JSON. Raises AssetNotFoundError."""
        return (await self._gathered(workspace, sha256))[0]

    async def page(self, workspace: WorkspaceId, sha256: str) -> str:
        """Write that as one HTML page that needs nothing else. Raises AssetNotFoundError."""
        document, known = await self._gathered(workspace, sha256)
        pictures: dict[str, tuple[str, bytes]] = {}
        for name, asset in known.assets.items():
            side = _SHOWN_SIDE if name == sha256 else _SMALL_SIDE
            shown = await self._picture(asset, side)
            if shown is not None:
                pictures[name] = (self.studio.picture_type(shown), shown)
        return evidence_page(document, pictures)

    async def name_of(self, workspace: WorkspaceId, file: File, media_type: str) -> Sha256:
        """Find which asset a file is: by its bytes, its manifest, or what it shows.

        Raises AssetNotFoundError, and as ports.provenance.Credentials does.
        """
        content = await asyncio.to_thread(file.read_bytes) if isinstance(file, Path) else file
        sha256 = sha256_of(content)
        async with self.recorded.database.read() as connection:
            if await self.assets.facts(connection, workspace, [sha256]):
                return sha256
        _, _, known = await self.recorded.judged(workspace, file, media_type)
        if known is None:
            raise AssetNotFoundError(sha256)
        return known.signed

    async def _gathered(self, workspace: WorkspaceId, sha256: str) -> tuple[dict[str, Any], _Known]:
        if not is_sha256(sha256):
            raise AssetNotFoundError(sha256)
        async with self.recorded.database.read() as connection:
            asset = await self.assets.find(connection, workspace, sha256)
            known = await self._known(connection, asset)
        read, judgement = await self._judged(asset, known)
        return _document(asset, known, read, judgement), known

    async def _known(self, connection: AsyncConnection, asset: Asset) -> _Known:
        """Walk from an asset to all that it was made from."""
        known = _Known(assets={asset.sha256: asset})
        ahead = [asset.sha256]
        while ahead and len(known.assets) < _MOST_STEPS:
            facts = [
                fact
                for fact in await lineage_of(connection, asset.workspace, ahead)
                if fact.relation is Relation.MADE_FROM
            ]
            known.facts += facts
            named = {Sha256(fact.name) for fact in facts if fact.kind is Kind.ASSET}
            found = await self.assets.some(connection, asset.workspace, named - known.assets.keys())
            known.assets |= {each.sha256: each for each in found}
            ahead = [each.sha256 for each in found]
        made_by = dict.fromkeys(fact.name for fact in known.facts if fact.kind is Kind.TAKE)
        for name in list(made_by)[:_MOST_TAKES]:
            known.takes[name] = await self.takes.find(connection, asset.workspace, name)
        known.decisions = await self.decisions.of_takes(connection, [*map(TakeId, known.takes)])
        known.signatures = await self.recorded.store.of(
            connection, asset.workspace, list(known.assets)
        )
        return known

    async def _judged(self, asset: Asset, known: _Known) -> tuple[ManifestRead, Judgement]:
        """Read the asset's manifest as it lies in the store now."""
        sidecar = None
        for each in known.signatures:
            if each.signed == asset.sha256 and each.sidecar is not None:
                sidecar = await self.blobs.get(asset_key(each.sidecar))
        try:
            with TemporaryDirectory(prefix="callsheet-evidence-") as folder:
                file = Path(folder) / "asset"
                with file.open("wb") as out:
                    async for block in self.blobs.stream(asset_key(asset.sha256)):
                        await asyncio.to_thread(out.write, block)
                read, judgement, _ = await self.recorded.judged(
                    asset.workspace, file, asset.media_type, sidecar
                )
        except (UnreadableManifestError, UnreadableMediaError, UnreadablePictureError) as error:
            return ManifestRead(State.INVALID), Judgement(Verdict.INVALID, str(error))
        return read, _worded(asset, judgement, known)

    async def _picture(self, asset: Asset, side: int) -> bytes | None:
        """Draw a file small enough for a page; None for what has no picture."""
        if asset.media_type == SIDECAR_TYPE or asset.unreadable or asset.beginning is not None:
            return None
        try:
            if asset.media_type.startswith("image/") and asset.size <= _MOST_SHOWN:
                content = await self.blobs.get(asset_key(asset.sha256))
                shown = await self.studio.shown(content, side, "evidence")
                return shown.thumbnail
            return await self.blobs.get(thumbnail_key(asset.sha256))
        except (BlobNotFoundError, UnreadablePictureError):
            return None


def _worded(asset: Asset, judgement: Judgement, known: _Known) -> Judgement:
    """Say of an unsigned asset whether there is a signed one of it."""
    if judgement.verdict is not Verdict.STRIPPED:
        return judgement
    signed = [each for each in known.signatures if each.source == asset.sha256]
    if not signed:
        return Judgement(Verdict.STRIPPED, "it carries no content credentials, and was not signed")
    return Judgement(
        Verdict.STRIPPED, f"this is the unsigned file; signed it is {signed[-1].signed}"
    )


def _document(
    asset: Asset, known: _Known, read: ManifestRead, judgement: Judgement
) -> dict[str, Any]:
    return {
        "asset": _told(asset),
        "verdict": judgement.verdict.value,
        "holds": judgement.verdict.holds,
        "reason": judgement.reason,
        "manifest": None if read.state is State.NONE else manifest_document(read),
        "signatures": [signature_document(each) for each in known.signatures],
        "chain": [
            {
                "asset": fact.asset,
                "madeFrom": fact.name,
                "kind": fact.kind.value,
                "role": fact.role,
                "at": time_text(fact.at),
            }
            for fact in known.facts
        ],
        "assets": {name: _told(each) for name, each in known.assets.items()},
        "takes": [_take(each) for each in known.takes.values()],
        "decisions": [_decision(each) for each in known.decisions],
        "quality": quality_of(asset),
    }


def _told(asset: Asset) -> dict[str, Any]:
    return {
        "sha256": asset.sha256,
        "mediaType": asset.media_type,
        "size": asset.size,
        "width": asset.width,
        "height": asset.height,
        "durationS": asset.duration_s,
        "text": asset.beginning,
        "createdAt": time_text(asset.created_at),
        "madeFrom": dict(asset.made_from),
    }


def _take(take: Take) -> dict[str, Any]:
    prompt = str(take.inputs.get("prompt", ""))
    return {
        "take": take.id,
        "job": take.job,
        "row": take.row,
        "variant": take.variant,
        "attempt": take.attempt,
        "model": take.model,
        "provider": take.provider,
        "ticket": take.flight.ticket,
        "status": take.status.value,
        "prompt": prompt,
        "promptSha256": sha256_of(prompt.encode()),
        "inputsSha256": take.digests.inputs,
        "charged": str(take.charged),
        "orderedAt": time_text(take.times.ordered_at),
        "finishedAt": time_text(take.times.finished_at),
        "note": take.note,
    }


def _decision(decision: Decision) -> Mapping[str, Any]:
    return {
        "take": decision.take,
        "choice": decision.choice.value,
        "by": decision.by,
        "reason": decision.reason,
        "at": time_text(decision.at),
        "asset": decision.asset,
    }
