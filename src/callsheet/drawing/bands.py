"""Bands: pieces of one picture that are drawn and encoded apart, and joined to one PNG.

Filters and chunks are those of https://www.w3.org/TR/png-3/. Its one zlib stream (RFC 1950) is made
of DEFLATE blocks (RFC 1951), which may be written apart as long as none but the last says that it
is the last.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_HEADER: Final = struct.Struct(">IIBBBBB")
_RGB: Final = (8, 2, 0, 0, 0)  # bits, colour type, compression, filter, interlace
_STREAM_BEGINS: Final = b"\x78\x01"
_STREAM_ENDS: Final = b"\x03\x00"  # an empty block that is the last
_ADLER: Final = 65_521
_FILTER_BYTES: Final = 1  # before each line


@dataclass(frozen=True, slots=True)
class Band:
    """Lines of an RGB picture, filtered and compressed; sizes in pixels.

    `stream` ends on a byte and is not the last of its picture; `check` is the Adler-32 sum of what
    it holds.
    """

    width: int
    height: int
    check: int
    stream: bytes


def bands_of(rows: int, most: int, fewest_rows: int) -> list[range]:
    """Share rows out evenly among at most `most` bands, none of fewer than `fewest_rows`."""
    count = max(1, min(most, rows // fewest_rows))
    edges = [rows * number // count for number in range(count + 1)]
    return [range(*pair) for pair in pairwise(edges)]


def joined(bands: Sequence[Band]) -> bytes:
    """Make one PNG of bands, from top to bottom, of one width."""
    width, height = bands[0].width, sum(band.height for band in bands)
    check = 1
    for band in bands:
        check = _continued(check, band.check, band.height * (_FILTER_BYTES + 3 * width))
    stream = [_STREAM_BEGINS, *(band.stream for band in bands), _STREAM_ENDS]
    pixels = b"".join([*stream, check.to_bytes(4, "big")])
    header = _HEADER.pack(width, height, *_RGB)
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", pixels), _chunk(b"IEND", b""))
    return b"".join((_SIGNATURE, *chunks))


def _continued(before: int, after: int, length: int) -> int:
    """Sum up two pieces, the second of `length` bytes, from their Adler-32 sums.

    As zlib's `adler32_combine` does: each starts at 1, and each byte of the first counts once more
    for each byte of the second.
    """
    low = (before & 0xFFFF) + (after & 0xFFFF) - 1
    high = (before >> 16) + (after >> 16) + length * ((before & 0xFFFF) - 1)
    return (high % _ADLER) << 16 | low % _ADLER


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return b"".join((len(content).to_bytes(4, "big"), kind, content, check.to_bytes(4, "big")))
