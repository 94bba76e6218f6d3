"""What a picture file says of itself without being decoded: its size, and whether it is all there.

For files that no decoder here reads, or that would take more memory than a decoder may: a picture
that was paid for is kept all the same. Everything here reads numbers at given places of bytes that
it does not trust, and is done after a bounded number of steps.
"""

import re
import struct
from collections.abc import Callable, Mapping
from typing import Final

from callsheet.ports.pictures import Glimpse, Shown, UnreadablePictureError

Pixels = tuple[int, int]  # width, height as they lie in the file, before any turning

FAR: Final = 1 << 31  # pixels a side: no picture has as many
_MOST_STEPS: Final = 10_000
_BOX_HEAD: Final = 8
_LONG_BOX_HEAD: Final = 16
_JPEG_SIZES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_JPEG_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
_PNG_END: Final = b"IEND\xaeB`\x82"
_PNG_CHANNELS: Final = {2: 3, 4: 2, 6: 4}
_MOST_DEFLATED: Final = 1_032
_TIFF_FORMS: Final = {1: "B", 3: "H", 4: "I"}
_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_TIFF_PLACES: Final = ((273, 279), (324, 325))  # where strips and tiles lie, and how long they are


def whole(content: bytes) -> Glimpse:
    """Look at a file that is all at hand."""
    return Glimpse(len(content), ((0, content),))


def glanced(glimpse: Glimpse, media_type: str, why: str) -> Shown:
    """Tell what a picture says of itself, and `why` no more of it can be shown.

    Raises UnreadablePictureError for one that is cut off.
    """
    if not is_whole(glimpse, media_type):
        raise UnreadablePictureError(f"it is damaged or cut off ({why})")
    return Shown(None, pixels_in_header(glimpse.head, media_type), f"no thumbnail: {why}")


def pixels_in_header(head: bytes, media_type: str) -> Pixels | None:
    """Read a picture's size; None where the file does not tell it in a way that we know."""
    read = _SIZES.get(media_type)
    try:
        found = None if read is None else read(head)
    except (struct.error, IndexError, ValueError):
        return None
    # a header may claim anything: what no picture has is no size
    return found if found is not None and all(0 < side < FAR for side in found) else None


def is_whole(glimpse: Glimpse, media_type: str) -> bool:
    """Tell whether a file ends where it says; one of a form that says nothing is believed."""
    check = _ENDS.get(media_type)
    try:
        return check is None or check(glimpse)
    except (struct.error, IndexError, ValueError):
        return False


def _png_size(head: bytes) -> Pixels:
    width, height = struct.unpack_from(">II", head, 16)
    return width, height


def _gif_size(head: bytes) -> Pixels:
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _bmp_size(head: bytes) -> Pixels:
    width, height = struct.unpack_from("<ii", head, 18)
    return abs(width), abs(height)


def _jpeg_size(head: bytes) -> Pixels | None:
    at = 2
    for _ in range(_MOST_STEPS):
        while head[at] == 0xFF and head[at + 1] == 0xFF:  # noqa: PLR2004  # fill bytes
            at += 1
        marker = head[at + 1]
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        at += 2 if marker in _JPEG_BARE else 2 + struct.unpack_from(">H", head, at + 2)[0]
    return None


def _webp_size(head: bytes) -> Pixels | None:
    kind = head[12:16]
    if kind == b"VP8X":
        sides = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        width, height = sides
        return width, height
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _boxed_size(head: bytes) -> Pixels | None:
    """Read the largest of the pictures in a file of boxes: the others are tiles and thumbnails."""
    found = [struct.unpack_from(">II", head, at.end() + 4) for at in re.finditer(b"ispe", head)]
    sizes = [(width, height) for width, height in found[:_MOST_STEPS]]
    return max(sizes, key=lambda size: size[0] * size[1], default=None)


def _jpeg2000_size(head: bytes) -> Pixels | None:
    at = head.find(b"ihdr")
    if at < 0:
        return None
    height, width = struct.unpack_from(">II", head, at + 4)
    return width, height


def _tiff_size(head: bytes) -> Pixels | None:
    tags = _tiff_tags(head)
    if _TIFF_WIDTH not in tags or _TIFF_HEIGHT not in tags:
        return None
    return tags[_TIFF_WIDTH][0], tags[_TIFF_HEIGHT][0]


def _tiff_tags(head: bytes) -> dict[int, tuple[int, ...]]:
    """Read the whole numbers of a TIFF's first directory. Raises struct.error beyond the bytes."""
    order = "<" if head[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", head, 4)
    (count,) = struct.unpack_from(f"{order}H", head, at)
    tags: dict[int, tuple[int, ...]] = {}
    for place in range(at + 2, at + 2 + 12 * count, 12):
        tag, form, values = struct.unpack_from(f"{order}HHI", head, place)
        if form not in _TIFF_FORMS or values > len(head):
            continue
        layout = f"{order}{values}{_TIFF_FORMS[form]}"
        short = struct.calcsize(layout) <= 4  # noqa: PLR2004  # they stand where their place would
        start = place + 8 if short else struct.unpack_from(f"{order}I", head, place + 8)[0]
        tags[tag] = struct.unpack_from(layout, head, start)
    return tags


def _tiff_ends(glimpse: Glimpse) -> bool:
    if glimpse.size > len(glimpse.head):
        return True  # its directory may lie anywhere: it is not all at hand
    tags = _tiff_tags(glimpse.head)
    return all(
        start + length <= glimpse.size
        for starts, lengths in _TIFF_PLACES
        for start, length in zip(tags.get(starts, ()), tags.get(lengths, ()), strict=False)
    )


def _png_ends(glimpse: Glimpse) -> bool:
    width, height, depth, colours = struct.unpack_from(">IIBB", glimpse.head, 16)
    pixels = width * height * depth * _PNG_CHANNELS.get(colours, 1) // 8
    # deflate comes to at most a thousandth: what claims more than that is only a header
    return _PNG_END in glimpse.tail and pixels <= glimpse.size * _MOST_DEFLATED


def _jpeg_ends(glimpse: Glimpse) -> bool:
    return b"\xff\xd9" in glimpse.tail  # which never stands within what is coded


def _gif_ends(glimpse: Glimpse) -> bool:
    return glimpse.tail.rstrip(b"\0").endswith(b";")


def _bmp_ends(glimpse: Glimpse) -> bool:
    return bool(struct.unpack_from("<I", glimpse.head, 2)[0] <= glimpse.size)


def _webp_ends(glimpse: Glimpse) -> bool:
    return bool(struct.unpack_from("<I", glimpse.head, 4)[0] + 8 <= glimpse.size)


def _boxes_end(glimpse: Glimpse) -> bool:
    """Walk the outermost boxes (ISO 14496-12) as far as they are at hand; none may overshoot."""
    if glimpse.head.startswith(b"\xff"):  # JPEG XL and JPEG 2000 may come without boxes
        return True
    at = 0
    for _ in range(_MOST_STEPS):
        if at == glimpse.size:
            return True
        if at + _BOX_HEAD > len(glimpse.head):
            return glimpse.size > len(glimpse.head)
        (length,) = struct.unpack_from(">I", glimpse.head, at)
        if length == 0:  # to the end of the file
            return True
        shortest = _BOX_HEAD
        if length == 1:
            (length,) = struct.unpack_from(">Q", glimpse.head, at + 8)
            shortest = _LONG_BOX_HEAD
        if length < shortest or at + length > glimpse.size:
            return False
        at += length
    return False


_SIZES: Final[Mapping[str, Callable[[bytes], Pixels | None]]] = {
    "image/png": _png_size,
    "image/jpeg": _jpeg_size,
    "image/webp": _webp_size,
    "image/gif": _gif_size,
    "image/bmp": _bmp_size,
    "image/tiff": _tiff_size,
    "image/avif": _boxed_size,
    "image/heic": _boxed_size,
    "image/jp2": _jpeg2000_size,
}
_ENDS: Final[Mapping[str, Callable[[Glimpse], bool]]] = {
    "image/png": _png_ends,
    "image/jpeg": _jpeg_ends,
    "image/webp": _webp_ends,
    "image/gif": _gif_ends,
    "image/bmp": _bmp_ends,
    "image/tiff": _tiff_ends,
    "image/avif": _boxes_end,
    "image/heic": _boxes_end,
    "image/jxl": _boxes_end,
    "image/jp2": _boxes_end,
}
