"""The boxes of an mp4 or mov (ISO 14496-12): their order, and how the picture is turned.

libav does not tell either. Boxes are walked in a bounded number of steps, and believed only as far
as the file goes.
"""

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MOST_BOXES: Final = 4_096
_HEAD: Final = 8
_LONG_HEAD: Final = 16
_TKHD_MATRIX: Final = {0: 40, 1: 52}  # where it lies behind the version, by version
_FIXED: Final = 65_536


@dataclass(frozen=True, slots=True)
class Boxes:
    """What the boxes say: `rotation` in degrees clockwise, of the first track that is turned."""

    fragmented: bool = False
    fast_start: bool | None = None
    rotation: int = 0


def boxes_of(file: io.RawIOBase, size: int) -> Boxes:
    """Walk the boxes of a file; what is out of form ends the walk."""
    order: list[bytes] = []
    fragmented, rotation = False, 0
    try:
        for kind, start, end in _walk(file, 0, size):
            order.append(kind)
            fragmented = fragmented or kind == b"moof"
            if kind == b"moov":
                rotation = _rotation(file, start, end)
    except (struct.error, OverflowError):
        pass  # the demuxer says in its own words what is damaged
    fast = None
    if b"moov" in order and b"mdat" in order:
        fast = order.index(b"moov") < order.index(b"mdat")
    return Boxes(fragmented, fast, rotation)


def _walk(file: io.RawIOBase, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, and where each box's content begins and ends. Raises struct.error."""
    for _ in range(_MOST_BOXES):
        if start + _HEAD > end:
            return
        file.seek(start)
        head = file.read(_LONG_HEAD) or b""
        length, kind = struct.unpack_from(">I4s", head)
        inside = start + _HEAD
        if length == 1:
            (length,) = struct.unpack_from(">Q", head, _HEAD)
            inside = start + _LONG_HEAD
        elif length == 0:
            length = end - start
        if start + length < inside:
            return
        yield kind, inside, min(end, start + length)
        start += length


def _rotation(file: io.RawIOBase, start: int, end: int) -> int:
    for kind, inside, over in _walk(file, start, end):
        if kind != b"trak":
            continue
        for inner, at, _ in _walk(file, inside, over):
            if inner == b"tkhd":
                file.seek(at)
                turned = _turned(file.read(96) or b"")
                if turned:
                    return turned
    return 0


def _turned(header: bytes) -> int:
    """Read the angle of a track header's matrix, in whole quarters of a circle."""
    place = _TKHD_MATRIX.get(header[0])
    if place is None:
        return 0
    across, along = struct.unpack_from(">ii", header, place)
    return round(math.degrees(math.atan2(along / _FIXED, across / _FIXED)) / 90) * 90 % 360
