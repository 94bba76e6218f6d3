"""Where manifests and XMP lie in files: found and put there without a pixel being decoded.

Sources: JPEG XT part 5 and C2PA 2.2, A.3 (APP11); PNG 3 (`caBX`, `iTXt`); the WebP container
specification (`C2PA`, `XMP `); ISO 14496-12 (`uuid` boxes).
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Final, Protocol


class Source(Protocol):
    """A file that is read here and there."""

    def read(self, size: int = -1, /) -> bytes:
        """Read up to so many bytes."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Move the place at which is read next."""


Range = tuple[int, int]  # where bytes begin and how many they are

_JPEG_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_APP0, _APP1, _APP11, _SOS = 0xE0, 0xE1, 0xEB, 0xDA
_XMP_HEAD: Final = b"http://ns.adobe.com/xap/1.0/\x00"
_XMP_KEYWORD: Final = b"XML:com.adobe.xmp"
_XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_C2PA_UUID: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_PNG_HEAD, _RIFF_HEAD = 8, 12
_MOST_PARTS: Final = 100_000
_MOST_SEGMENT: Final = 65_533


def store_ranges(file: Source, media_type: str) -> list[Range]:
    """Find the parts of a file that are its manifest store, in order; none if there is none."""
    find = _STORES.get(media_type)
    return [] if find is None else find(file)


def with_xmp(content: bytes, media_type: str, packet: bytes) -> bytes:
    """Put an XMP packet into a file; one that has its own, or no place for it, stays as it is."""
    put = _PACKETS.get(media_type)
    return content if put is None else put(content, packet)


def patched(content: bytes, media_type: str, before: bytes, after: bytes) -> bytes | None:
    """Put `after` in the one place of `before`, of the same length, in a file's manifest store.

    None if there is not exactly one.
    """
    ranges = store_ranges(io.BytesIO(content), media_type)
    store = b"".join(content[start : start + length] for start, length in ranges)
    if store.count(before) != 1:
        return None
    store = store.replace(before, after)
    changed, at = bytearray(content), 0
    for start, length in ranges:
        changed[start : start + length] = store[at : at + length]
        at += length
        if media_type == "image/png":  # a chunk ends in a sum over its type and content
            checked = zlib.crc32(changed[start - 4 : start + length])
            changed[start + length : start + length + 4] = struct.pack(">I", checked)
    return bytes(changed)


def _jpeg_segments(file: Source) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and length (without its own two bytes) of segments before the scan."""
    at = 2
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(4)
        if len(head) < 2 or head[0] != 0xFF:  # noqa: PLR2004  # of JPEG
            return
        marker = head[1]
        if marker == 0xFF:  # noqa: PLR2004  # a filling byte
            at += 1
            continue
        if marker in _JPEG_STANDALONE:
            at += 2
            continue
        if marker == _SOS or len(head) < 4:  # noqa: PLR2004
            return
        length = int.from_bytes(head[2:4]) - 2
        if length < 0:
            return
        yield marker, at + 4, length
        at += 4 + length


def _jpeg_store(file: Source) -> list[Range]:
    ranges: list[Range] = []
    wanted = b""
    for marker, start, length in _jpeg_segments(file):
        if marker != _APP11:
            continue
        file.seek(start)
        head = file.read(16)
        if head[:2] != b"JP" or len(head) < 16 or head[12:16] != b"jumb":  # noqa: PLR2004
            continue
        if wanted and head[2:4] != wanted:  # another box in another series
            continue
        wanted = head[2:4]
        repeated = 0 if head[4:8] == b"\x00\x00\x00\x01" else 8
        ranges.append((start + 8 + repeated, length - 8 - repeated))
    return ranges


def _png_chunks(file: Source) -> Iterator[tuple[bytes, int, int]]:
    at = _PNG_HEAD
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:  # noqa: PLR2004
            return
        length, kind = struct.unpack(">I4s", head)
        yield kind, at + 8, length
        at += 12 + length


def _png_store(file: Source) -> list[Range]:
    return [(start, length) for kind, start, length in _png_chunks(file) if kind == b"caBX"]


def _riff_chunks(file: Source) -> Iterator[tuple[bytes, int, int]]:
    at = _RIFF_HEAD
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:  # noqa: PLR2004
            return
        kind, length = struct.unpack("<4sI", head)
        yield kind, at + 8, length
        at += 8 + length + length % 2


def _webp_store(file: Source) -> list[Range]:
    return [(start, length) for kind, start, length in _riff_chunks(file) if kind == b"C2PA"]


def _boxes(file: Source) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield kind, start and length of the content, and length as it was written."""
    end = file.seek(0, io.SEEK_END)
    at = 0
    for _ in range(_MOST_PARTS):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:  # noqa: PLR2004
            return
        told, kind = struct.unpack_from(">I4s", head)
        size, before = told or end - at, 8
        if told == 1:
            if len(head) < 16:  # noqa: PLR2004
                return
            size, before = struct.unpack_from(">Q", head, 8)[0], 16
        if size < before:
            return
        yield kind, at + before, size - before, told
        at += size


def _mp4_store(file: Source) -> list[Range]:
    for kind, start, length, _ in _boxes(file):
        if kind != b"uuid":
            continue
        file.seek(start)
        head = file.read(64)
        # a UUID, version and flags, the purpose as a C string, and where more hashes lie
        purpose = b"manifest\x00"
        if head[:16] == _C2PA_UUID and head[20 : 20 + len(purpose)] == purpose:
            before = 20 + len(purpose) + 8
            return [(start + before, length - before)]
    return []


def _jpeg_with_xmp(content: bytes, packet: bytes) -> bytes:
    segment = _XMP_HEAD + packet
    if len(segment) > _MOST_SEGMENT:
        return content
    at = 2
    for marker, start, length in _jpeg_segments(io.BytesIO(content)):
        if marker == _APP1 and content[start : start + len(_XMP_HEAD)] == _XMP_HEAD:
            return content
        if marker in (_APP0, _APP1):  # JFIF and Exif must come first
            at = start + length
    written = b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment
    return content[:at] + written + content[at:]


def _png_with_xmp(content: bytes, packet: bytes) -> bytes:
    at = None
    for kind, start, length in _png_chunks(io.BytesIO(content)):
        if kind == b"iTXt" and content[start : start + len(_XMP_KEYWORD)] == _XMP_KEYWORD:
            return content
        if kind == b"IHDR":
            at = start + length + 4
    if at is None:
        return content
    body = b"iTXt" + _XMP_KEYWORD + b"\x00\x00\x00\x00\x00" + packet
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return content[:at] + chunk + content[at:]


def _webp_with_xmp(content: bytes, packet: bytes) -> bytes:
    chunks = {kind: (start, length) for kind, start, length in _riff_chunks(io.BytesIO(content))}
    if b"XMP " in chunks:
        return content
    body = bytearray(content[_RIFF_HEAD:])
    if b"VP8X" in chunks:
        body[chunks[b"VP8X"][0] - _RIFF_HEAD] |= 0x04  # there is XMP
    else:
        extended = _extended(content, chunks)
        if extended is None:
            return content
        body[:0] = extended
    body += b"\x00" * (len(body) % 2)
    body += b"XMP " + struct.pack("<I", len(packet)) + packet + b"\x00" * (len(packet) % 2)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + bytes(body)


def _extended(content: bytes, chunks: dict[bytes, Range]) -> bytes | None:
    """Word the chunk that a WebP file of one simple picture lacks for anything beside it."""
    if b"VP8 " in chunks:
        start = chunks[b"VP8 "][0]
        told: tuple[int, int] = struct.unpack_from("<HH", content, start + 6)
        width, height, alpha = told[0] & 0x3FFF, told[1] & 0x3FFF, 0
    elif b"VP8L" in chunks:
        start = chunks[b"VP8L"][0] + 1
        bits = int.from_bytes(content[start : start + 4], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        alpha = 0x10 if bits >> 28 & 1 else 0
    else:
        return None
    if not width or not height:
        return None
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X" + struct.pack("<I", 10) + bytes([0x04 | alpha, 0, 0, 0]) + sides


def _mp4_with_xmp(content: bytes, packet: bytes) -> bytes:
    for kind, start, _, told in _boxes(io.BytesIO(content)):
        if kind == b"uuid" and content[start : start + 16] == _XMP_UUID:
            return content
        if not told:  # it goes to the end: nothing can come after it
            return content
    box = b"uuid" + _XMP_UUID + packet
    return content + struct.pack(">I", len(box) + 4) + box


_STORES: Final = {
    "image/jpeg": _jpeg_store,
    "image/png": _png_store,
    "image/webp": _webp_store,
    "video/mp4": _mp4_store,
}
_PACKETS: Final = {
    "image/jpeg": _jpeg_with_xmp,
    "image/png": _png_with_xmp,
    "image/webp": _webp_with_xmp,
    "video/mp4": _mp4_with_xmp,
}
