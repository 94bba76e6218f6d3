"""Adopting files: bytes into the store under their hash, with a thumbnail of what can be seen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

from callsheet.assets.errors import OutputTooLargeError
from callsheet.assets.model import asset_key, thumbnail_key
from callsheet.assets.texts import text_facts
from callsheet.kernel.digests import Sha256, sha256_of
from callsheet.ports.blobs import BlobConflictError, BlobStore, CreateOnly, Keep
from callsheet.ports.models import Makes
from callsheet.ports.pictures import Studio

THUMBNAIL_SIDE: Final = 384
_REMEMBERED: Final = 4_096
_HASHED_IN_PLACE: Final = 2 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Adopted:
    """A file of ours now: its name, its type by its bytes, its size in bytes.

    `beginning` is how a text begins.
    """

    sha256: Sha256
    media_type: str
    size: int
    beginning: str | None = None


@dataclass(frozen=True, slots=True)
class Adopter:
    """Brings files into the store. Doing it again changes nothing.

    `keep` puts content under its hash, streamed if it is a stream. `known` remembers what this
    process has put there lately, so that equal files cost one look.
    """

    blobs: BlobStore
    keep: Keep
    studio: Studio
    known: dict[str, None] = field(default_factory=dict)

    async def adopt(self, content: bytes, media_type: str) -> Sha256:
        """Store bytes under their hash; answers the hash. Raises StoreUnavailableError."""
        sha256 = await _hashed(content)
        if asset_key(sha256) not in self.known:
            await self.keep(content, media_type)
            self._remember(asset_key(sha256))
        return sha256

    async def adopt_made(self, content: bytes, expected: Makes, origin: str) -> Adopted:
        """Store what was made, once it is known to be what was ordered.

        Its type is read from its bytes; a picture and a clip get a thumbnail. `origin` names who
        made it (see Studio.thumbnail). Raises UnreadablePictureError, UnreadableClipError or
        UnreadableTextError, with nothing kept, StoreUnavailableError.
        """
        sha256, beginning = await _hashed(content), None
        match expected:
            case "image":
                media_type = self.studio.picture_type(content)
                # the thumbnail first: a picture that cannot be read is not adopted
                await self._adopt_thumbnail(content, sha256, origin)
            case "text":
                text = text_facts(content)
                media_type, beginning = text.media_type, text.beginning
            case "video":
                facts = await self.studio.clip(content, THUMBNAIL_SIDE)
                media_type = facts.media_type
                await self._put(thumbnail_key(sha256), facts.poster, "image/webp")
        # what was just made is hardly there yet
        if asset_key(sha256) not in self.known:
            await self.keep(content, media_type, new=sha256)
            self._remember(asset_key(sha256))
        return Adopted(sha256, media_type, len(content), beginning)

    async def _adopt_thumbnail(self, content: bytes, sha256: Sha256, origin: str) -> None:
        key = thumbnail_key(sha256)
        if key not in self.known:
            thumbnail = await self.studio.thumbnail(content, THUMBNAIL_SIDE, origin)
            await self._put(key, thumbnail, self.studio.picture_type(thumbnail))
            self._remember(key)

    async def _put(self, key: str, content: bytes, media_type: str) -> None:
        with contextlib.suppress(BlobConflictError):  # of the same file, made just now
            await self.blobs.put(key, content, media_type, CreateOnly())

    def _remember(self, key: str) -> None:
        self.known[key] = None
        if len(self.known) > _REMEMBERED:
            del self.known[next(iter(self.known))]


async def read_output(blocks: AsyncIterator[bytes], max_bytes: int) -> bytes:
    """Read a stream whole. Raises OutputTooLargeError."""
    content = bytearray()
    async for block in blocks:
        content += block
        if len(content) > max_bytes:
            raise OutputTooLargeError(max_bytes)
    return bytes(content)


async def _hashed(content: bytes) -> Sha256:
    """Hash bytes, apart from the event loop where it takes more than a few milliseconds."""
    if len(content) <= _HASHED_IN_PLACE:
        return sha256_of(content)
    return await asyncio.to_thread(sha256_of, content)
