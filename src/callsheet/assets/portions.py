"""The parts of a long film that tell what it is: read from the store, within a bound."""

import struct
from typing import Final

from callsheet.ports.blobs import BlobStore
from callsheet.ports.pictures import Glimpse, UnreadableClipError

_HEAD: Final = 1 << 20
_MIDDLE: Final = 2 << 20  # around a third of it, where its poster is looked for
_BEFORE: Final = 512 << 10
_TAIL: Final = 256 << 10
_MOST_INDEX: Final = 4 << 20
_MOST_BOXES: Final = 1_000
_BOX: Final = 16


async def portions_of(blobs: BlobStore, key: str, size: int, media_type: str) -> Glimpse:
    """Read the beginning, the end, the index and a part of the middle.

    Raises UnreadableClipError for one that is cut off, StoreUnavailableError.
    """

    async def part(start: int, length: int) -> tuple[int, bytes]:
        start = max(start, 0)
        return start, b"".join([block async for block in blobs.stream(key, start, length)])

    parts = [await part(0, _HEAD)]
    if media_type == "video/mp4":
        at = length = 0
        head = parts[0][1]
        for _ in range(_MOST_BOXES):
            box = head[at : at + _BOX] if at + _BOX <= len(head) else (await part(at, _BOX))[1]
            kind, length = _box(box, size - at)
            if kind == b"moov" or at + length >= size:
                break
            at += length
        if kind != b"moov" or length > size - at:
            raise UnreadableClipError("it is damaged or cut off: its index is not there")
        if at + length > len(head):
            parts.append(await part(at, min(length, _MOST_INDEX)))
    parts.append(await part(size // 3 - _BEFORE, _MIDDLE))
    parts.append(await part(size - _TAIL, _TAIL))
    return Glimpse(size, parts)


def _box(head: bytes, left: int) -> tuple[bytes, int]:
    """Read a box's kind and length (ISO 14496-12). Raises UnreadableClipError."""
    if len(head) < 8:  # noqa: PLR2004  # a length and a kind
        raise UnreadableClipError("it is damaged or cut off between its parts")
    length, kind = struct.unpack_from(">I4s", head)
    shortest = 8
    if length == 1 and len(head) == _BOX:
        (length,) = struct.unpack_from(">Q", head, 8)
        shortest = _BOX
    if length == 0:
        return kind, left
    if length < shortest or length > left:
        raise UnreadableClipError("it is damaged or cut off: a part of it goes beyond its end")
    return kind, length
