"""Adopting files: bytes into the store under their hash, with a thumbnail of what can be seen."""

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

    async def adopt(self, content: bytes, media_type: str, *, new: bool = False) -> Sha256:
        """Store bytes under their hash; answers the hash. Raises StoreUnavailableError.

        What is `new`, because it was just made, is not looked for before it is written.
        """
        sha256 = sha256_of(content)
        if asset_key(sha256) not in self.known:
            await self.keep(content, media_type, new=new)
            self._remember(asset_key(sha256))
        return sha256

    async def adopt_picture(self, content: bytes, media_type: str, origin: str) -> Sha256:
        """Store a new picture and its thumbnail. Raises also UnreadablePictureError."""
        key = thumbnail_key(sha256_of(content))
        # the thumbnail first: a picture that cannot be read is not adopted
        if key not in self.known:
            thumbnail = await self.studio.thumbnail(content, THUMBNAIL_SIDE, origin)
            kind = self.studio.picture_type(thumbnail)
            with contextlib.suppress(BlobConflictError):  # the same picture, made just now
                await self.blobs.put(key, thumbnail, kind, CreateOnly())
        self._remember(key)
        return await self.adopt(content, media_type, new=True)

    async def adopt_output(
        self, blocks: AsyncIterator[bytes], expected: Makes, *, max_bytes: int, origin: str
    ) -> Adopted:
        """Store a stream as `adopt_made` does. Raises also OutputTooLargeError."""
        return await self.adopt_made(await _gathered(blocks, max_bytes), expected, origin)

    async def adopt_made(self, content: bytes, expected: Makes, origin: str) -> Adopted:
        """Store what was made, once it is known to be what was ordered.

        Its type is read from its bytes; a picture and a clip get a thumbnail. `origin` names who
        made it (see Studio.thumbnail). Raises UnreadablePictureError, UnreadableClipError or
        UnreadableTextError, with nothing kept, StoreUnavailableError.
        """
        match expected:
            case "image":
                media_type = self.studio.picture_type(content)
                sha256 = await self.adopt_picture(content, media_type, origin)
                return Adopted(sha256, media_type, len(content))
            case "text":
                told = text_facts(content)
                sha256 = await self.adopt(content, told.media_type, new=True)
                return Adopted(sha256, told.media_type, len(content), told.beginning)
            case "video":
                return await self._adopt_clip(content)

    async def _adopt_clip(self, content: bytes) -> Adopted:
        facts = await self.studio.clip(content, THUMBNAIL_SIDE)
        with contextlib.suppress(BlobConflictError):  # the same clip, made just now
            key = thumbnail_key(sha256_of(content))
            await self.blobs.put(key, facts.poster, "image/webp", CreateOnly())
        sha256 = await self.adopt(content, facts.media_type, new=True)
        return Adopted(sha256, facts.media_type, len(content))

    def _remember(self, key: str) -> None:
        self.known[key] = None
        if len(self.known) > _REMEMBERED:
            del self.known[next(iter(self.known))]


async def _gathered(blocks: AsyncIterator[bytes], max_bytes: int) -> bytes:
    """Read a stream whole, within bounds."""
    content = bytearray()
    async for block in blocks:
        content += block
        if len(content) > max_bytes:
            raise OutputTooLargeError(max_bytes)
    return bytes(content)
