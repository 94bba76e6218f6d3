"""A zip archive as a view of files that lie elsewhere: any part of it can be read by itself.

Size and CRC-32 of every file are known beforehand, so each byte's place is: the archive is never
written anywhere. Files are stored as they are (pictures and clips do not shrink), all dates are the
same, and there is no data descriptor. The bytes are those that Python's `zipfile` writes for the
same files (PKWARE's APPNOTE 6.3.10: 4.3.7 local headers, 4.3.12 central directory, 4.3.14 to
4.3.16 its end, 4.5.3 ZIP64).
"""

import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final

from callsheet.delivery.checksums import checked

_ZIP64_FROM: Final = (1 << 31) - 1  # as `zipfile` has it: some programs read sizes as signed
_MOST_ENTRIES: Final = 0xFFFF
_FULL: Final = 0xFFFFFFFF
_DATE: Final = 1 << 5 | 1  # 1980-01-01, the first that the format knows
_UNIX: Final = 3
_VERSION, _ZIP64_VERSION = 20, 45
_MODE: Final = 0o100644 << 16  # a file that its owner may write and everybody may read


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One file of an archive: its name (ASCII), the object that holds its bytes, what they are."""

    name: str
    key: str
    size: int
    crc32: int


Entries = Callable[[], AsyncIterator[ZipEntry]]
Read = Callable[[str, int, int], AsyncIterator[bytes]]  # key, start, length


def _local(entry: ZipEntry) -> bytes:
    name, large = entry.name.encode("ascii"), entry.size > _ZIP64_FROM
    extra = struct.pack("<HHQQ", 1, 16, entry.size, entry.size) if large else b""
    size = _FULL if large else entry.size
    head = struct.pack(
        "<4s5H3I2H",
        b"PK\x03\x04",
        _ZIP64_VERSION if large else _VERSION,
        0,
        0,
        0,
        _DATE,
        entry.crc32,
        size,
        size,
        len(name),
        len(extra),
    )
    return head + name + extra


def _central(entry: ZipEntry, offset: int) -> bytes:
    name, large = entry.name.encode("ascii"), entry.size > _ZIP64_FROM
    far = offset > _ZIP64_FROM
    beyond = [*((entry.size, entry.size) if large else ()), *((offset,) if far else ())]
    extra = struct.pack(f"<HH{len(beyond)}Q", 1, 8 * len(beyond), *beyond) if beyond else b""
    version = _ZIP64_VERSION if beyond else _VERSION
    size = _FULL if large else entry.size
    head = struct.pack(
        "<4s4B4H3I5H2I",
        b"PK\x01\x02",
        version,
        _UNIX,
        version,
        0,
        0,
        0,
        0,
        _DATE,
        entry.crc32,
        size,
        size,
        len(name),
        len(extra),
        0,
        0,
        0,
        _MODE,
        _FULL if far else offset,
    )
    return head + name + extra


def _end(entries: int, start: int, size: int) -> bytes:
    """Write the end of the directory, which lies at `start`."""
    zip64 = b""
    if entries > _MOST_ENTRIES or start > _ZIP64_FROM or size > _ZIP64_FROM:
        zip64 = struct.pack(
            "<4sQ2H2I4Q",
            b"PK\x06\x06",
            44,
            _ZIP64_VERSION,
            _ZIP64_VERSION,
            0,
            0,
            entries,
            entries,
            size,
            start,
        ) + struct.pack("<4sIQI", b"PK\x06\x07", 0, start + size, 1)
    shown = min(entries, _MOST_ENTRIES)
    ends = struct.pack(
        "<4s4H2IH",
        b"PK\x05\x06",
        0,
        0,
        shown,
        shown,
        min(size, _FULL),
        min(start, _FULL),
        0,
    )
    return zip64 + ends


@dataclass(slots=True)
class ZipSize:
    """Adds up how large an archive is, file by file."""

    files: int = 0
    _data: int = 0
    _directory: int = 0

    def add(self, entry: ZipEntry) -> None:
        """Count one more file."""
        self._directory += len(_central(entry, self._data))
        self._data += len(_local(entry)) + entry.size
        self.files += 1

    @property
    def total(self) -> int:
        """The size of the whole archive, in bytes."""
        return self._data + self._directory + len(_end(self.files, self._data, self._directory))


async def zip_stream(entries: Entries, read: Read, start: int, length: int) -> AsyncIterator[bytes]:
    """Give `length` bytes of an archive from `start`; what is not asked for is not read.

    `entries` walks the files, the same each time. Raises AssetDamagedError at the end of a file
    that has changed in the store: the archive breaks off there.
    """
    window = _Window(start, start + length)
    async for block in _files(entries, read, window):
        yield block
    files, begins, offset = 0, window.place, 0
    async for entry in entries():
        if window.past:
            return
        for piece in window.of(_central(entry, offset)):
            yield piece
        files, offset = files + 1, offset + len(_local(entry)) + entry.size
    for piece in window.of(_end(files, begins, window.place - begins)):
        yield piece


async def _files(entries: Entries, read: Read, window: "_Window") -> AsyncIterator[bytes]:
    """Give what is asked for of the files and of what stands before each."""
    async for entry in entries():
        if window.past:
            return
        for piece in window.of(_local(entry)):
            yield piece
        first, count = window.within(entry.size)
        if not count:
            continue
        content = read(entry.key, first, count)
        if count == entry.size:
            content = checked(content, entry.key, entry.crc32)
        async for block in content:
            yield block


class _Window:
    """The part of an archive that is asked for, while one goes through the whole."""

    def __init__(self, start: int, end: int) -> None:
        self._start, self._end = start, end
        self.place = 0

    @property
    def past(self) -> bool:
        """Whether all that was asked for lies behind."""
        return self.place >= self._end

    def within(self, size: int) -> tuple[int, int]:
        """Go on by `size` bytes: where in them what is asked for begins, and how much it is."""
        first = max(0, self._start - self.place)
        count = min(size, self._end - self.place) - first
        self.place += size
        return first, max(0, count)

    def of(self, content: bytes) -> tuple[bytes, ...]:
        """Go on by some bytes; what is asked for of them, if anything."""
        first, count = self.within(len(content))
        return (content[first : first + count],) if count else ()
