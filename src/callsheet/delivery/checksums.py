"""Checksums of files beside their SHA-256: what zip archives and hash lists ask for.

They are found by reading a file once, which also proves that it still is what its name says; they
are kept, so that the next package of the same file reads it only on its way out.
"""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.delivery.errors import AssetDamagedError
from callsheet.kernel.digests import Sha256
from callsheet.ports.database import METADATA, one_of

CHECKSUMS: Final = sa.Table(
    "checksums",
    METADATA,
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("crc32", sa.BigInteger, nullable=False),
    sa.Column("c4", sa.Text, nullable=False),
)
_ADD: Final = {
    "sqlite": sqlite.insert(CHECKSUMS).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(CHECKSUMS).on_conflict_do_nothing(),
}
_C4_LETTERS: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_C4_CHARS: Final = 88
_IN_PLACE_BYTES: Final = 64 * 1024  # more is summed up in a thread


@dataclass(frozen=True, slots=True)
class Checksums:
    """What some bytes are: CRC-32 as zip has it, C4 as hash lists of the film trade have it."""

    sha256: Sha256
    size: int
    crc32: int
    c4: str


class Summing:
    """Sums up bytes as they pass; its methods block."""

    def __init__(self) -> None:
        self._sha256, self._sha512 = hashlib.sha256(), hashlib.sha512()
        self._size = self._crc32 = 0

    def add(self, content: bytes) -> None:
        """Take more bytes into account."""
        self._size += len(content)
        self._crc32 = zlib.crc32(content, self._crc32)
        self._sha256.update(content)
        self._sha512.update(content)

    def done(self) -> Checksums:
        """Say what passed."""
        sha256 = Sha256(self._sha256.hexdigest())
        return Checksums(sha256, self._size, self._crc32, c4_of(self._sha512.digest()))


async def sum_up(content: AsyncIterator[bytes]) -> Checksums:
    """Sum up a stream."""
    summing = Summing()
    async for block in content:
        if len(block) > _IN_PLACE_BYTES:
            await asyncio.to_thread(summing.add, block)
        else:
            summing.add(block)
    return summing.done()


async def checked(content: AsyncIterator[bytes], key: str, expected: int) -> AsyncIterator[bytes]:
    """Pass a whole file on; at its end, compare its CRC-32. Raises AssetDamagedError."""
    found = 0
    async for block in content:
        found = zlib.crc32(block, found)
        yield block
    if found != expected:
        raise AssetDamagedError(key, "has changed since it was first packed")


def c4_of(sha512: bytes) -> str:
    """Spell a SHA-512 as C4 id (SMPTE ST 2114): `c4` and 88 digits to the base of 58."""
    number, digits = int.from_bytes(sha512), ""
    while number:
        number, digit = divmod(number, len(_C4_LETTERS))
        digits = _C4_LETTERS[digit] + digits
    return "c4" + digits.rjust(_C4_CHARS, _C4_LETTERS[0])


class ChecksumStore:
    """Reads and writes checksums; every method works in the caller's transaction."""

    async def of(self, connection: AsyncConnection, names: Collection[str]) -> dict[str, Checksums]:
        """Read those that are known, by SHA-256."""
        query = sa.select(CHECKSUMS).where(one_of(CHECKSUMS.c.sha256, names))
        rows = (await connection.execute(query)).mappings()
        return {row["sha256"]: Checksums(**row) for row in rows}

    async def add(self, connection: AsyncConnection, found: Iterable[Checksums]) -> None:
        """Keep what was found; what is known already stays."""
        rows: list[dict[str, Any]] = [
            {"sha256": each.sha256, "size": each.size, "crc32": each.crc32, "c4": each.c4}
            for each in sorted(found, key=lambda each: each.sha256)
        ]
        if rows:
            await connection.execute(_ADD[connection.dialect.name], rows)
