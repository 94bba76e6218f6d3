"""What a media file is by its first bytes, and which demuxer may open it.

A demuxer is always named: left to choose, libav takes a playlist for a clip and fetches what it
lists, wherever that is.
"""

import re
import struct
from dataclasses import dataclass
from typing import Final

from callsheet.media.sniffing import named_kind
from callsheet.ports.measuring import Medium, UnreadableMediaError

HEAD: Final = 4_096  # bytes that are enough to tell


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file; `demuxer` is libav's, empty for pictures, which Pillow reads."""

    medium: Medium
    media_type: str
    container: str
    demuxer: str
    brand: str = ""


_PLAIN: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), Kind(Medium.IMAGE, "image/png", "png", "")),
    (re.compile(rb"\xff\xd8\xff"), Kind(Medium.IMAGE, "image/jpeg", "jpeg", "")),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), Kind(Medium.IMAGE, "image/webp", "webp", "")),
    (re.compile(rb"GIF8[79]a"), Kind(Medium.IMAGE, "image/gif", "gif", "")),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), Kind(Medium.AUDIO, "audio/wav", "wav", "wav")),
    (re.compile(rb"fLaC"), Kind(Medium.AUDIO, "audio/flac", "flac", "flac")),
    (re.compile(rb"OggS"), Kind(Medium.AUDIO, "audio/ogg", "ogg", "ogg")),
    (re.compile(rb"ID3|\xff[\xfa\xfb\xf2\xf3]"), Kind(Medium.AUDIO, "audio/mpeg", "mp3", "mp3")),
)
_BOXED: Final = re.compile(rb"....ftyp(?!avif|avis|hei|hev|mif1|msf1)(....)", re.DOTALL)
_OLD_MOVIE: Final = re.compile(rb"....(?:moov|mdat|wide|free|skip)", re.DOTALL)
_EBML: Final = b"\x1a\x45\xdf\xa3"
_DOCTYPE: Final = re.compile(rb"\x42\x82[\x80-\xff]([a-z]{4,10})")
_WAY_OUT: Final = "callsheet reads mp4, mov, webm, mkv, wav, mp3, flac, ogg, png, jpeg, webp, gif"


def kind_of(head: bytes) -> Kind:
    """Tell the kind of a file by how it begins. Raises UnreadableMediaError for all others."""
    if not head:
        raise UnreadableMediaError("the file is empty")
    if boxed := _BOXED.match(head):
        return _boxed(boxed[1])
    if head.startswith(_EBML):
        return _matroska(head)
    for pattern, kind in _PLAIN:
        if pattern.match(head):
            return kind
    if _OLD_MOVIE.match(head) and struct.unpack_from(">I", head)[0] >= 8:  # noqa: PLR2004  # a box
        return Kind(Medium.VIDEO, "video/quicktime", "mov", "mov")
    name = named_kind(head) or f"of an unknown type (it begins {head[:4].hex(' ')})"
    raise UnreadableMediaError(f"this is {name}; {_WAY_OUT}")


def _boxed(brand: bytes) -> Kind:
    name = brand.decode("ascii", "replace").strip()
    if name == "qt":
        return Kind(Medium.VIDEO, "video/quicktime", "mov", "mov", name)
    return Kind(Medium.VIDEO, "video/mp4", "mp4", "mov", name)


def _matroska(head: bytes) -> Kind:
    found = _DOCTYPE.search(head)
    if found is not None and found[1] == b"webm":
        return Kind(Medium.VIDEO, "video/webm", "webm", "matroska", "webm")
    return Kind(Medium.VIDEO, "video/x-matroska", "matroska", "matroska", "matroska")
