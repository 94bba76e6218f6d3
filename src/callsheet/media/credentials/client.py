"""Content credentials as packages see them: locked-down processes that read and write manifests."""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from callsheet.kernel.digests import Sha256, is_sha256
from callsheet.kernel.moments import time_text
from callsheet.media.credentials.containers import patched
from callsheet.media.credentials.xmp import packet_of
from callsheet.media.measuring.sources import as_file, opened_file
from callsheet.media.wire import REASON_CHARS, Message, in_one_line
from callsheet.media.workers import (
    CREDENTIALS,
    JobLostError,
    JobTimeoutError,
    Worker,
    WorkerSettings,
)
from callsheet.ports.measuring import OpenFile
from callsheet.ports.pictures import StudioUnavailableError
from callsheet.ports.provenance import (
    EMBEDDED,
    ClaimSigner,
    Fault,
    File,
    Ingredient,
    IngredientRead,
    ManifestRead,
    Signed,
    State,
    Statement,
    UnreadableManifestError,
    UnsignableFileError,
)

MAX_SIGNED: Final = 112 << 20  # bytes: a signed file comes back through a pipe, whole
_MAX_FILE: Final = 1 << 40
_SECONDS: Final = 20
_BYTES_A_SECOND: Final = 20e6
_GRACE_S: Final = 5.0
_MEMORY: Final = 2 << 30
_MAX_PIXELS: Final = 100_000_000
_MAX_SIDE: Final = 16_384
_CHARS: Final = 500


class ProcessCredentials:
    """Implements `callsheet.ports.provenance.Credentials` with at most `workers` processes.

    They start with the first file. `seconds` bounds the reading of one small file.
    """

    def __init__(self, workers: int = 0, *, seconds: int = _SECONDS) -> None:
        settings = WorkerSettings(seconds, _MEMORY, _MAX_PIXELS, _MAX_SIDE)
        count = workers or min(2, os.cpu_count() or 1)
        self._seconds = seconds
        self.workers = [Worker(settings, CREDENTIALS) for _ in range(count)]
        self._free: asyncio.LifoQueue[Worker] = asyncio.LifoQueue()
        for worker in reversed(self.workers):
            self._free.put_nowait(worker)
        self._closed = False

    async def signed(
        self,
        file: File,
        statement: Statement,
        ingredients: Sequence[Ingredient],
        signer: ClaimSigner,
    ) -> Signed:
        """Sign a file; see ports.provenance.Credentials."""
        # not a sequence of DER, which the SDK would take apart
        marker = b"\xff" + os.urandom(signer.signature_size - 1)
        fields = _written(statement, ingredients, signer, marker)
        blobs = [each.content for each in ingredients]
        with _opened(file) as source:
            if source.size > MAX_SIGNED:
                reason = f"it has {source.size:,} bytes, at most {MAX_SIGNED:,} are signed"
                raise UnsignableFileError(reason)
            answer = await self._ask("write", source, blobs, **fields)
        if len(answer.blobs) != 3:  # noqa: PLR2004  # file, manifest, what is to be signed
            raise JobLostError("write", "its answer is out of form")
        content, manifest, asked = answer.blobs
        signature = await signer.sign(asked)
        return await asyncio.to_thread(
            _signed, (content, manifest), statement.media_type, marker, signature
        )

    async def read(
        self, file: File, media_type: str, anchors: bytes = b"", sidecar: bytes | None = None
    ) -> ManifestRead:
        """Read and validate a manifest; see ports.provenance.Credentials."""
        blobs = [] if sidecar is None else [sidecar]
        fields = {"media_type": media_type, "anchors": anchors.decode(errors="replace")}
        with _opened(file) as source:
            answer = await self._ask("read", source, blobs, **fields)
        try:
            return _read(answer.fields["read"])
        except (TypeError, ValueError, KeyError) as error:
            raise JobLostError("read", "its answer is out of form") from error

    async def fingerprint(self, file: File, media_type: str) -> Sha256:
        """Digest what a file shows; see ports.provenance.Credentials."""
        with _opened(file) as source:
            answer = await self._ask("fingerprint", source, [], media_type=media_type)
        found = str(answer.fields.get("sha256"))
        if not is_sha256(found):
            raise JobLostError("fingerprint", "its answer is out of form")
        return Sha256(found)

    async def close(self) -> None:
        """Stop every process. Jobs under way fail, and so do those that wait and those to come."""
        self._closed = True
        await asyncio.gather(*(worker.stop() for worker in self.workers))

    async def _ask(
        self, kind: str, file: OpenFile, blobs: Sequence[bytes], **fields: Any
    ) -> Message:
        if file.size > _MAX_FILE:
            raise UnreadableManifestError(f"the file has {file.size:,} bytes")
        size = file.size + sum(map(len, blobs))
        seconds = math.ceil(self._seconds + size / _BYTES_A_SECOND)
        told = {"kind": kind, "size": file.size, "seconds": seconds, **fields}
        async with self._borrowed() as worker:
            try:
                answer = await worker.ask(Message(told, blobs), seconds + _GRACE_S, file.descriptor)
            except JobTimeoutError as error:
                reason = f"it took longer than {error.seconds:g} s"
                raise UnreadableManifestError(reason) from error
        if "unreadable" in answer.fields:
            raise UnreadableManifestError(in_one_line(answer.fields["unreadable"], REASON_CHARS))
        if "failed" in answer.fields:
            raise JobLostError(kind, in_one_line(answer.fields["failed"], REASON_CHARS))
        file.insist_unchanged()
        return answer

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[Worker]:
        worker = await self._free.get()
        try:
            if self._closed:
                raise StudioUnavailableError("content credentials are closed")
            yield worker
        finally:
            self._free.put_nowait(worker)


@contextmanager
def _opened(file: File) -> Iterator[OpenFile]:
    """Open a file on disk, or make one of memory."""
    if isinstance(file, Path):
        with opened_file(file) as source:
            yield source
    else:
        with as_file(file) as (source, _):
            yield source


def _written(
    statement: Statement, ingredients: Sequence[Ingredient], signer: ClaimSigner, marker: bytes
) -> dict[str, Any]:
    """Word what the process is to write."""
    return {
        "media_type": statement.media_type,
        "label": statement.label,
        "instance": statement.instance,
        "title": statement.title,
        "source_type": statement.source_type.value,
        "description": statement.description,
        "made_at": time_text(statement.made_at),
        "software": statement.software,
        "generator": statement.generator,
        "facts": dict(statement.facts),
        "xmp": packet_of(statement),
        "algorithm": signer.algorithm,
        "certificates": signer.certificates.decode(),
        "marker": marker.hex(),
        "ingredients": [
            {
                "label": f"ingredient-{number}",
                "title": each.title,
                "media_type": each.media_type,
                "relationship": each.relationship.value,
                "description": each.role,
            }
            for number, each in enumerate(ingredients, 1)
        ],
    }


def _signed(made: tuple[bytes, bytes], media_type: str, marker: bytes, signature: bytes) -> Signed:
    """Put the signature in the marker's place."""
    content, manifest = made
    if len(signature) != len(marker):
        reason = f"a signature of {len(marker)} bytes was expected, and {len(signature)} came"
        raise UnsignableFileError(reason)
    if manifest.count(marker) != 1:
        raise UnsignableFileError("the place of the signature was not found in its manifest")
    manifest = manifest.replace(marker, signature)
    if media_type not in EMBEDDED:
        return Signed(None, manifest)
    whole = patched(content, media_type, marker, signature)
    if whole is None:
        raise UnsignableFileError("the place of the signature was not found in the file")
    return Signed(whole, manifest)


def _read(told: Mapping[str, Any]) -> ManifestRead:
    """Read what was read, doubting it: a stranger's file may have had a hand in it."""
    if told["state"] == State.NONE:
        return ManifestRead(State.NONE)
    store = told["store_sha256"]
    if store is not None and not is_sha256(store):
        raise ValueError(store)
    facts = told["facts"]
    return ManifestRead(
        state=State(told["state"]),
        label=_line(told["label"]),
        instance=_line(told["instance"]),
        title=_line(told["title"]),
        generator=_line(told["generator"]),
        issuer=_line(told["issuer"]),
        signer=_line(told["signer"]),
        algorithm=_line(told["algorithm"]),
        certificate=_line(told["certificate"]),
        signed_at=None if told["signed_at"] is None else _line(told["signed_at"]),
        store_sha256=None if store is None else Sha256(store),
        source_types=tuple(map(_line, told["source_types"])),
        actions=tuple(map(_line, told["actions"])),
        facts=facts if isinstance(facts, dict) else None,
        ingredients=tuple(map(_ingredient, told["ingredients"])),
        faults=tuple(map(_fault, told["faults"])),
        others=int(told["others"]),
    )


def _ingredient(told: Mapping[str, Any]) -> IngredientRead:
    return IngredientRead(
        title=_line(told["title"]),
        relationship=_line(told["relationship"]),
        media_type=_line(told["media_type"]),
        label=None if told["label"] is None else _line(told["label"]),
        state=State(told["state"]),
        faults=tuple(map(_fault, told["faults"])),
    )


def _fault(told: Mapping[str, Any]) -> Fault:
    return Fault(_line(told["code"]), _line(told["manifest"]), _line(told["explanation"]))


def _line(text: object) -> str:
    return in_one_line(text, _CHARS)
