"""Signing what leaves, and saying of any file what its manifest comes to."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from callsheet.assets.lineage import Kind, Lineage, Relation, add_lineage
from callsheet.assets.model import Asset, asset_key
from callsheet.assets.service import Adopted, Adopter
from callsheet.assets.store import AssetStore
from callsheet.kernel.digests import Sha256, sha256_of
from callsheet.kernel.errors import CallsheetError, UnavailableError
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.logs import event
from callsheet.ports.models import Makes
from callsheet.ports.provenance import (
    SIDECAR_TYPE,
    ClaimSigner,
    Signed,
    State,
    Statement,
)
from callsheet.provenance.errors import NoTakeError, SigningFailedError, SigningKeyError
from callsheet.provenance.gathering import Gathering, maker_of
from callsheet.provenance.model import Signature
from callsheet.provenance.statements import ingredients_of, statement_of
from callsheet.provenance.store import SignatureStore
from callsheet.takes.model import Take

_LOG: Final = logging.getLogger("callsheet.provenance")
SIGNED_FROM: Final = "signed_from"  # the role of a source in its signed file's lineage
SIDECAR_OF: Final = "sidecar_of"
_UNTRUSTED: Final = "signingCredential.untrusted"


class SigningKeys(Protocol):
    """Where the key that signs is kept: in files, or with a key service."""

    def signer(self) -> ClaimSigner:
        """Have the key ready. Raises a SigningKeyError that says what to do."""


@dataclass(frozen=True, slots=True)
class Signing:
    """Signs assets, each once with a key, and adopts what came of it."""

    gathering: Gathering
    adopter: Adopter
    assets: AssetStore
    store: SignatureStore
    keys: SigningKeys
    clock: Callable[[], datetime]
    version: str

    def insist_on_key(self) -> ClaimSigner:
        """Have a key that signs. Raises a SigningKeyError that says what to do."""
        return self.keys.signer()

    async def sign(self, workspace: WorkspaceId, sha256: Sha256) -> Signature:
        """Sign an asset that a take made; one that was signed with this key stays as it was.

        What was signed is written to disk, opened anew, validated, and compared with the unsigned
        file by what it shows, before it is ours. Raises SigningFailedError, NoTakeError, a
        SigningKeyError, AssetNotFoundError and UnavailableError; then nothing was adopted.
        """
        signer = self.keys.signer()
        async with self.gathering.database.read() as connection:
            asset = await self.assets.find(connection, workspace, sha256)
            done = await self.store.find(connection, workspace, sha256, signer.key_id)
            take = await maker_of(connection, self.gathering.takes, workspace, sha256)
        if done is not None:
            return done
        if take is None:
            raise NoTakeError(sha256)
        try:
            signature = await self._signed(asset, take, signer)
        except (SigningKeyError, SigningFailedError, UnavailableError):
            raise
        except CallsheetError as error:
            raise SigningFailedError(sha256, str(error)) from error
        said = event(asset=sha256, signed=signature.signed, key=signer.key_id[:16])
        _LOG.info("asset.signed", extra=said)
        return signature

    async def _signed(self, asset: Asset, take: Take, signer: ClaimSigner) -> Signature:
        used = await self.gathering.used(take)
        statement = statement_of(asset, take, used, self.version)
        ingredients = ingredients_of(take, used)
        credentials = self.gathering.verifier.credentials
        with TemporaryDirectory(prefix="callsheet-sign-") as folder:
            source = Path(folder) / "unsigned"
            await _spool(self.gathering.blobs.stream(asset_key(asset.sha256)), source)
            signed = await credentials.signed(source, statement, ingredients, signer)
            target = Path(folder) / "signed"
            await asyncio.to_thread(target.write_bytes, signed.content or b"")
            whole = target if signed.content is not None else source
            fingerprint = await self._insist(asset, source, whole, statement, signed)
            adopted = await self._adopted(asset, signed, target)
        signature = Signature(
            workspace=asset.workspace,
            source=asset.sha256,
            key_id=signer.key_id,
            signed=adopted.sha256 if adopted else asset.sha256,
            sidecar=None if adopted else sha256_of(signed.manifest),
            media_type=asset.media_type,
            label=statement.label,
            instance=statement.instance,
            manifest_sha256=sha256_of(signed.manifest),
            fingerprint=fingerprint,
            source_type=statement.source_type,
            signed_at=self.clock(),
            ingredients=tuple(statement.facts["ingredients"]),
        )
        return await self._written_down(asset, adopted, signed, signature)

    async def _insist(
        self, asset: Asset, source: Path, whole: Path, statement: Statement, signed: Signed
    ) -> Sha256:
        """Read back what was signed; answers what it shows. Raises SigningFailedError."""
        sidecar = None if signed.content is not None else signed.manifest
        verifier = self.gathering.verifier
        read, _ = await verifier.read(whole, asset.media_type, sidecar)
        shows = await verifier.credentials.fingerprint(whole, asset.media_type)
        showed = await verifier.credentials.fingerprint(source, asset.media_type)
        faults = [each.code for each in read.faults if each.code != _UNTRUSTED]
        wrong = ""
        if read.state not in (State.VALID, State.TRUSTED) or faults:
            wrong = f"what was signed is {read.state} ({', '.join(faults) or 'no reason given'})"
        elif (read.label, read.instance) != (statement.label, statement.instance):
            wrong = f"its manifest reads {read.label}, and was written as {statement.label}"
        elif read.store_sha256 != sha256_of(signed.manifest):
            wrong = "its manifest reads otherwise than it was written"
        elif shows != showed:
            wrong = "what was signed shows something else than before"
        if wrong:
            raise SigningFailedError(asset.sha256, wrong)
        return shows

    async def _adopted(self, asset: Asset, signed: Signed, target: Path) -> Adopted | None:
        """Bring the signed file, as it was read back, or the one beside it into the store."""
        if signed.content is None:
            await self.adopter.adopt(signed.manifest, SIDECAR_TYPE)
            return None
        makes: Makes = "video" if asset.media_type.startswith("video/") else "image"
        content = await asyncio.to_thread(target.read_bytes)
        return await self.adopter.adopt_made(content, makes, "callsheet")

    async def _written_down(
        self, asset: Asset, adopted: Adopted | None, signed: Signed, signature: Signature
    ) -> Signature:
        """Write all of it down at once; answers the signature that counts."""
        now, made_from = signature.signed_at, {"signed_from": asset.sha256}
        if adopted is None:
            made = Asset(
                sha256_of(signed.manifest),
                asset.workspace,
                SIDECAR_TYPE,
                len(signed.manifest),
                now,
                {"sidecar_of": asset.sha256},
                thumbnail=False,
            )
            role = SIDECAR_OF
        else:
            made = replace(
                asset,
                sha256=adopted.sha256,
                size=adopted.size,
                created_at=now,
                made_from=made_from,
                examine_at=None,
                **{**adopted.seen.facts, "media_type": asset.media_type},
            )
            role = SIGNED_FROM
        fact = Lineage(
            asset.workspace, made.sha256, Relation.MADE_FROM, Kind.ASSET, asset.sha256, role, now
        )
        async with self.gathering.database.begin() as connection:
            counts = await self.store.add(connection, signature)
            if counts.label == signature.label:  # not another's, who was quicker
                await self.assets.add(connection, [made])
                await add_lineage(connection, [fact])
        return counts


async def _spool(blocks: AsyncIterator[bytes], path: Path) -> None:
    """Write a stream to a file."""
    with path.open("wb") as file:
        async for block in blocks:
            await asyncio.to_thread(file.write, block)
