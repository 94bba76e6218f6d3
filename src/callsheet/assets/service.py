"""Adopting files: bytes into the store under their hash, with a thumbnail of what can be seen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from callsheet.assets.errors import OutputTooLargeError
from callsheet.assets.model import AssetFacts, asset_key, thumbnail_key
from callsheet.assets.portions import portions_of
from callsheet.assets.texts import text_facts
from callsheet.kernel.digests import Sha256, sha256_of
from callsheet.kernel.errors import UnavailableError
from callsheet.ports.blobs import Arrival, BlobConflictError, BlobStore, CreateOnly, Keeper
from callsheet.ports.models import Makes
from callsheet.ports.pictures import ClipFacts, Glimpse, SoundFacts, Studio

THUMBNAIL_SIDE: Final = 384
HELD: Final = 8 << 20  # bytes of an output that are in memory: what is larger is streamed
# what is read back whole to be looked at; no sound may be larger
_WHOLE: Final = {"image": 64 << 20, "video": 16 << 20, "audio": 64 << 20}
_AT_A_TIME: Final = 2  # of these
_HEAD: Final = 1 << 20
_TAIL: Final = 1 << 16
_REMEMBERED: Final = 4_096
_HASHED_IN_PLACE: Final = 2 << 20  # bytes


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a file: its type by its bytes, its pixels, how a text begins.

    `clip` is what was seen of one that moves, `sound` of one that is only heard. `note`
    says why a picture has no `thumbnail`.
    """

    media_type: str
    size: tuple[int, int] | None = None
    beginning: str | None = None
    thumbnail: bool = True
    note: str | None = None
    clip: ClipFacts | None = None
    sound: SoundFacts | None = None

    @property
    def told(self) -> AssetFacts:
        """Say of it what people are told."""
        known = {each.name for each in fields(AssetFacts)}
        return AssetFacts(**{name: fact for name, fact in self.facts.items() if name in known})

    @property
    def facts(self) -> dict[str, Any]:
        """Word it as an Asset keeps it."""
        width, height = self.size or (None, None)
        told: dict[str, Any] = {"media_type": self.media_type, "beginning": self.beginning}
        told |= {"width": width, "height": height, "thumbnail": self.thumbnail}
        lasting = self.clip or self.sound
        if lasting is None:
            return told
        return {
            **told,
            "duration_s": lasting.duration_s or None,
            "frame_rate": self.clip.frame_rate if self.clip else None,
            "sample_rate": lasting.sample_rate,
            "channels": lasting.channels,
        }


@dataclass(frozen=True, slots=True)
class Adopted:
    """A file of ours now: its name, its size in bytes, and what was seen of it."""

    sha256: Sha256
    size: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class Adopter:
    """Brings files into the store. Doing it again changes nothing.

    `known` remembers what this process has put there lately, so that equal files cost one look.
    """

    blobs: BlobStore
    keeper: Keeper
    studio: Studio
    known: dict[str, Seen | None] = field(default_factory=dict)
    _whole: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(_AT_A_TIME), init=False
    )

    async def adopt(self, content: bytes, media_type: str) -> Sha256:
        """Store bytes under their hash; answers the hash. Raises StoreUnavailableError."""
        sha256 = await _hashed(content)
        if sha256 not in self.known:
            await self.keeper.keep(content, media_type)
            self._remember(sha256, None)
        return sha256

    async def adopt_made(self, content: bytes, expected: Makes, origin: str) -> Adopted:
        """Store what was made, once it is known to be what was ordered.

        Its type is read from its bytes; a picture and a clip get a thumbnail. `origin` names who
        made it (see Studio.shown). Raises UnreadablePictureError, UnreadableClipError,
        UnreadableSoundError or UnreadableTextError, with nothing kept, StoreUnavailableError.
        """
        sha256 = await _hashed(content)
        seen = self.known.get(f"{expected} {sha256}")
        if seen is None:
            # the thumbnail first: a picture that cannot be read is not adopted
            seen = await self._look(content, sha256, expected, origin)
            # what was just made is hardly there yet
            await self.keeper.keep(content, seen.media_type, new=sha256)
            self._remember(f"{expected} {sha256}", seen)
        return Adopted(sha256, len(content), seen)

    async def adopt_at_once(self, content: bytes, expected: Makes) -> tuple[Adopted, bool]:
        """Store what was made by what its own bytes say of it, and no decoder yet.

        Whether it is to be examined still comes with it: what is equal to something that was
        examined is known. It is the caller's to have that done (see `examine`). Raises as
        `adopt_made`, with nothing kept.
        """
        sha256 = await _hashed(content)
        seen = self.known.get(f"{expected} {sha256}")
        if seen is not None:
            return Adopted(sha256, len(content), seen), False
        if expected == "image":
            media_type = self.studio.made_type(content)
            glimpse = Glimpse(len(content), ((0, content),))
            size = self.studio.glanced(glimpse, media_type).size
            seen = Seen(media_type, size, thumbnail=False)
        else:
            seen = await self._look(content, sha256, expected, "")
        await self.keeper.keep(content, seen.media_type, new=sha256)
        return Adopted(sha256, len(content), seen), expected == "image"

    async def examine(self, sha256: Sha256, origin: str) -> Seen:
        """Look at a picture that was stored unseen, and keep a thumbnail of it.

        Raises UnreadablePictureError, BlobNotFoundError and UnavailableError.
        """
        seen = self.known.get(f"image {sha256}")
        if seen is None:
            seen = await self._look(await self._read(asset_key(sha256)), sha256, "image", origin)
            self._remember(f"image {sha256}", seen)
        return seen

    async def adopt_stream(
        self, content: AsyncIterator[bytes], expected: Makes, origin: str, max_bytes: int
    ) -> Adopted:
        """Store what was made as it comes in, as `adopt_made` does; at most `HELD` is in memory.

        What is larger goes into the store first and is looked at there, before it gets its name.
        Raises as `adopt_made`, and OutputTooLargeError.
        """
        blocks = _counted(content, max_bytes)
        beginning = await _beginning(blocks)
        if len(beginning) < HELD:
            return await self.adopt_made(beginning, expected, origin)
        media_type = self._type(beginning[:_HEAD], expected)
        arrival = await self.keeper.receive(_chained([beginning], blocks), media_type)
        del beginning
        try:
            seen = await self._look_at(arrival, media_type, expected, origin)
            await self.keeper.place(arrival)
        except BaseException:  # whoever is cancelled leaves nothing behind either
            with contextlib.suppress(UnavailableError):
                await self.blobs.delete(arrival.key)
            raise
        return Adopted(arrival.stored.sha256, arrival.stored.size, seen)

    def _type(self, beginning: bytes, expected: Makes) -> str:
        """Name the type of what is too large to be looked at first. Raises as `adopt_made`."""
        match expected:
            case "image":
                return self.studio.made_type(beginning)
            case "video":
                return self.studio.clip_type(beginning)
            case "audio":
                return self.studio.sound_type(beginning)
            case "text":
                raise OutputTooLargeError(HELD)

    async def _look_at(
        self, arrival: Arrival, media_type: str, expected: Makes, origin: str
    ) -> Seen:
        """Look at what lies in the store without a name: whole if it is not too large for it."""
        size, sha256 = arrival.stored.size, arrival.stored.sha256
        if size <= _WHOLE[expected]:
            async with self._whole:
                return await self._look(await self._read(arrival.key), sha256, expected, origin)
        if expected == "video":
            portions = await portions_of(self.blobs, arrival.key, size, media_type)
            return await self._look_at_clip(portions, sha256)
        head = await self._read(arrival.key, 0, _HEAD)
        tail = await self._read(arrival.key, size - _TAIL)
        glimpse = Glimpse(size, ((0, head), (size - _TAIL, tail)))
        shown = self.studio.glanced(glimpse, media_type)
        return Seen(media_type, shown.size, thumbnail=False, note=shown.note)

    async def _look(self, content: bytes, sha256: Sha256, expected: Makes, origin: str) -> Seen:
        """Look at what is in memory, and keep a thumbnail of what can be seen."""
        match expected:
            case "image":
                media_type = self.studio.made_type(content)
                shown = await self.studio.shown(content, THUMBNAIL_SIDE, origin)
                if shown.thumbnail is not None:
                    kind = self.studio.picture_type(shown.thumbnail)
                    await self._put(thumbnail_key(sha256), shown.thumbnail, kind)
                seen = shown.thumbnail is not None
                return Seen(media_type, shown.size, thumbnail=seen, note=shown.note)
            case "text":
                text = text_facts(content)
                return Seen(text.media_type, beginning=text.beginning)
            case "video":
                return await self._look_at_clip(content, sha256)
            case "audio":
                heard = await self.studio.sound(content)
                return Seen(heard.media_type, thumbnail=False, note=heard.note, sound=heard)

    async def _look_at_clip(self, clip: bytes | Glimpse, sha256: Sha256) -> Seen:
        facts = await self.studio.clip(clip, THUMBNAIL_SIDE)
        if facts.poster is not None:
            await self._put(thumbnail_key(sha256), facts.poster, "image/webp")
        size = (facts.width, facts.height) if facts.width and facts.height else None
        seen = facts.poster is not None
        told = replace(facts, poster=None)  # it lies in the store
        return Seen(facts.media_type, size, thumbnail=seen, note=facts.note, clip=told)

    async def _read(self, key: str, start: int = 0, length: int | None = None) -> bytes:
        return b"".join([block async for block in self.blobs.stream(key, start, length)])

    async def _put(self, key: str, content: bytes, media_type: str) -> None:
        with contextlib.suppress(BlobConflictError):  # of the same file, made just now
            await self.blobs.put(key, content, media_type, CreateOnly())

    def _remember(self, name: str, seen: Seen | None) -> None:
        self.known[name] = seen
        if len(self.known) > _REMEMBERED:
            del self.known[next(iter(self.known))]


async def _beginning(blocks: AsyncIterator[bytes]) -> bytes:
    """Read a stream until there are at least `HELD` bytes, or its end."""
    held = bytearray()
    async for block in blocks:
        held += block
        if len(held) >= HELD:
            break
    return bytes(held)


async def _chained(first: list[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first.pop()  # not held while the rest goes by
    async for block in rest:
        yield block


async def _counted(blocks: AsyncIterator[bytes], max_bytes: int) -> AsyncIterator[bytes]:
    """Pass a stream on. Raises OutputTooLargeError."""
    size = 0
    async for block in blocks:
        size += len(block)
        if size > max_bytes:
            raise OutputTooLargeError(max_bytes)
        yield block


async def _hashed(content: bytes) -> Sha256:
    """Hash bytes, apart from the event loop where it takes more than a few milliseconds."""
    if len(content) <= _HASHED_IN_PLACE:
        return sha256_of(content)
    return await asyncio.to_thread(sha256_of, content)
