"""A zip archive read from anywhere: the bytes that Python's own writer makes."""

import io
import zipfile
import zlib
from collections.abc import AsyncIterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from callsheet.delivery import zip_stream as zips
from callsheet.delivery.zip_stream import ZipEntry, ZipSize, zip_stream

FILES = st.lists(st.binary(max_size=300), max_size=5)
GIGABYTE = 1 << 30


def entries_of(files: Sequence[bytes]) -> list[ZipEntry]:
    return [
        ZipEntry(f"box/{place}.bin", str(place), len(file), zlib.crc32(file))
        for place, file in enumerate(files)
    ]


async def read(files: Sequence[bytes], start: int, length: int) -> bytes:
    """Read a part of the archive of some files."""
    asked: list[tuple[str, int, int]] = []

    async def walk() -> AsyncIterator[ZipEntry]:
        for each in entries_of(files):
            yield each

    async def content(key: str, first: int, count: int) -> AsyncIterator[bytes]:
        asked.append((key, first, count))
        yield files[int(key)][first : first + count]

    return b"".join([piece async for piece in zip_stream(walk, content, start, length)])


def by_python(files: Sequence[bytes]) -> bytes:
    """Let zipfile write the same files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for place, file in enumerate(files):
            info = zipfile.ZipInfo(f"box/{place}.bin")
            info.external_attr = 0o100644 << 16
            archive.writestr(info, file)
    return out.getvalue()


@given(FILES, st.data())
async def test_any_part_is_the_part_of_what_zipfile_writes(
    files: list[bytes], data: st.DataObject
) -> None:
    """Whole and in any two parts it is byte for byte the archive of the standard library."""
    expected = by_python(files)
    size = ZipSize()
    for each in entries_of(files):
        size.add(each)
    assert size.total == len(expected)
    cut = data.draw(st.integers(0, len(expected)))
    first, rest = await read(files, 0, cut), await read(files, cut, len(expected) - cut)
    assert first + rest == expected


async def test_beyond_four_gigabytes() -> None:
    """Sizes and places that 32 bits cannot hold are read back by zipfile."""
    block = bytes(1 << 20)
    large = 5 * GIGABYTE
    entries = [
        ZipEntry("a.bin", "", large, 0x9DE8C7B5),
        ZipEntry("b.bin", "", 3, zlib.crc32(bytes(3))),
    ]
    size = ZipSize()
    for each in entries:
        size.add(each)

    async def walk() -> AsyncIterator[ZipEntry]:
        for each in entries:
            yield each

    async def zeros(_key: str, _start: int, length: int) -> AsyncIterator[bytes]:
        for left in range(length, 0, -len(block)):
            yield block[: min(left, len(block))]

    tail = size.total - large  # all but the large file's bytes
    end = [piece async for piece in zip_stream(walk, zeros, large, tail)]
    seen = _Sparse(large, b"".join(end))
    with zipfile.ZipFile(seen) as archive:
        found = {info.filename: info for info in archive.infolist()}
        assert found["a.bin"].file_size == large
        assert found["b.bin"].header_offset > large
        assert archive.read("b.bin") == bytes(3)


class _Sparse(io.RawIOBase):
    """A file of zeros, and some bytes at its end."""

    def __init__(self, zeros: int, end: bytes) -> None:
        self._zeros, self._end, self._place = zeros, end, 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._place, self._zeros + len(self._end))[whence]
        self._place = base + offset
        return self._place

    def read(self, size: int = -1) -> bytes:
        assert self._place >= self._zeros
        first = self._place - self._zeros
        piece = self._end[first:] if size < 0 else self._end[first : first + size]
        self._place += len(piece)
        return piece


def test_more_files_than_sixteen_bits_count() -> None:
    """The end says so in ZIP64, as APPNOTE asks."""
    assert zips._end(70_000, 10, 20).startswith(b"PK\x06\x06")
    assert zips._end(0xFFFF, 10, 20).startswith(b"PK\x05\x06")
