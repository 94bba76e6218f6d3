"""Documents of any length: one object while their items fit into a page, else a head and segments.

A head is the document without its items, and with `segments`: the objects that hold these, in
order, each with the digest of its bytes. Whoever writes or reads one holds one page at a time.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from callsheet.delivery.errors import LedgerCorruptError
from callsheet.kernel.digests import canonical_json, sha256_of
from callsheet.ports.blobs import BlobNotFoundError, BlobStore

JSON: Final = "application/json"
_SEGMENTS: Final = "segments"

Document = Mapping[str, Any]
Page = Sequence[Mapping[str, Any]]
Pages = AsyncIterator[Page]


def seal(document: Document) -> dict[str, Any]:
    """Add `sha256`: the digest of the canonical JSON of the document without that field."""
    bare = {name: value for name, value in document.items() if name != "sha256"}
    return {**bare, "sha256": sha256_of(canonical_json(bare))}


def is_sound(document: Document) -> bool:
    """Tell whether a document is what its checksum says."""
    return bool(document.get("sha256") == seal(document)["sha256"])


@dataclass(frozen=True, slots=True)
class Segments:
    """Writes and reads documents whose list of items may be long."""

    blobs: BlobStore

    async def write(self, folder: str, head: Document, name: str, pages: Pages) -> dict[str, Any]:
        """Seal a document with its items as the list `name`; segments go into `folder` first."""
        pages = aiter(pages)
        first = await anext(pages, ())
        page = await anext(pages, None)
        if page is None:
            return await asyncio.to_thread(seal, {**head, name: [*first]})
        written = [await self._write_one(folder, 1, first)]
        del first
        while page is not None:
            written.append(await self._write_one(folder, len(written) + 1, page))
            page = await anext(pages, None)
        return seal({**head, _SEGMENTS: written})

    async def _write_one(self, folder: str, number: int, page: Page) -> dict[str, Any]:
        content = await asyncio.to_thread(canonical_json, page)
        sha256 = sha256_of(content)
        # the digest keeps apart what two processes write of the same version
        key = f"{folder}/{number:06d}-{sha256[:16]}.json"
        await self.blobs.put(key, content, JSON)
        return {"key": key, "sha256": sha256, "items": len(page)}

    async def copy(self, document: Document, folder: str) -> dict[str, Any]:
        """Copy a document's segments into another folder; the document that names these."""
        if _SEGMENTS not in document:
            return dict(document)
        copied = []
        for segment in document[_SEGMENTS]:
            key = f"{folder}/{segment['key'].rpartition('/')[2]}"
            await self.blobs.put(key, self.blobs.stream(segment["key"]), JSON)
            copied.append({**segment, "key": key})
        return seal({**document, _SEGMENTS: copied})

    async def head(self, key: str) -> dict[str, Any]:
        """Read a document but for its segments. Raises BlobNotFoundError, LedgerCorruptError."""
        document = await asyncio.to_thread(_parsed, key, await self.blobs.get(key))
        if not isinstance(document, dict) or not await asyncio.to_thread(is_sound, document):
            raise LedgerCorruptError(key, "its checksum does not fit")
        return document

    async def check(self, document: Document) -> None:
        """Read every segment of a document once. Raises LedgerCorruptError."""
        for segment in document.get(_SEGMENTS, ()):
            await self._read_one(segment)

    async def items(self, document: Document, name: str) -> Pages:
        """Read a document's items, page by page. Raises LedgerCorruptError."""
        if _SEGMENTS not in document:
            yield document[name]
            return
        for segment in document[_SEGMENTS]:
            yield await asyncio.to_thread(_parsed, segment["key"], await self._read_one(segment))

    async def _read_one(self, segment: Document) -> bytes:
        try:
            content = await self.blobs.get(segment["key"])
        except BlobNotFoundError as error:
            raise LedgerCorruptError(segment["key"], "it is not there") from error
        if sha256_of(content) != segment["sha256"]:
            raise LedgerCorruptError(segment["key"], "its checksum does not fit")
        return content


def _parsed(key: str, content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise LedgerCorruptError(key, "it is not JSON") from error
