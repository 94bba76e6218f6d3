"""Which code points a font file has glyphs for, read from its `cmap` table.

Pillow cannot say whether a font has a glyph: it silently draws the box that stands for a missing
one. Reading the table ourselves is forty lines and spares the import of a font library.
"""

import struct
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_COLLECTION = b"ttcf"
_FULL_REPERTOIRE = 12
_BASIC_PLANE = 4


@dataclass(frozen=True, slots=True)
class Coverage:
    """Inclusive ranges of code points, in order."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __contains__(self, code: int) -> bool:
        at = bisect_right(self.starts, code) - 1
        return at >= 0 and code <= self.ends[at]


def read_coverage(path: Path, index: int = 0) -> Coverage:
    """Read the coverage of one face of a font file; the richest Unicode table wins."""
    with path.open("rb") as file:
        table = _table(file, _face_offset(file, index), b"cmap")
    ranges = _ranges(table)
    return Coverage(tuple(start for start, _ in ranges), tuple(end for _, end in ranges))


def _face_offset(file: BinaryIO, index: int) -> int:
    head = file.read(12)
    if head[:4] != _COLLECTION:
        return 0
    file.seek(12 + 4 * index)
    (offset,) = struct.unpack(">I", file.read(4))
    return int(offset)


def _table(file: BinaryIO, face: int, tag: bytes) -> bytes:
    file.seek(face)
    (count,) = struct.unpack(">4xH6x", file.read(12))
    for _ in range(count):
        name, offset, length = struct.unpack(">4s4xII", file.read(16))
        if name == tag:
            file.seek(offset)
            return file.read(length)
    return b"\0\0\0\0"


def _ranges(table: bytes) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">2xH", table)
    subtables = {}
    for number in range(count):
        platform, _, offset = struct.unpack_from(">HHI", table, 4 + 8 * number)
        (kind,) = struct.unpack_from(">H", table, offset)
        if platform in (0, 3):
            subtables[kind] = offset
    if _FULL_REPERTOIRE in subtables:
        return _groups(table, subtables[_FULL_REPERTOIRE])
    if _BASIC_PLANE in subtables:
        return _segments(table, subtables[_BASIC_PLANE])
    return []


def _groups(table: bytes, offset: int) -> list[tuple[int, int]]:
    (count,) = struct.unpack_from(">12xI", table, offset)
    triples = struct.iter_unpack(">III", table[offset + 16 : offset + 16 + 12 * count])
    return [(start, end) for start, end, glyph in triples if glyph]


def _segments(table: bytes, offset: int) -> list[tuple[int, int]]:
    (double,) = struct.unpack_from(">6xH", table, offset)
    count = double // 2
    ends = struct.unpack_from(f">{count}H", table, offset + 14)
    starts = struct.unpack_from(f">{count}H", table, offset + 16 + double)
    last = 0xFFFF  # the table's closing mark, not a character
    return [
        (start, min(end, last - 1)) for start, end in zip(starts, ends, strict=True) if start < last
    ]
