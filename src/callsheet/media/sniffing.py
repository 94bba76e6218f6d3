"""What a file is by its first bytes, whatever its name or its sender claims."""

import re

from callsheet.ports.pictures import (
    UnreadableClipError,
    UnreadablePictureError,
    UnreadableSoundError,
)

_SHOWN_BYTES = 4
_TEXT_PREFIX = 1_024

_READ = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
)

# What providers may make besides: it was paid for, and is kept as it came.
_KEPT = (
    (
        re.compile(rb"\x00\x00\x00.ftyp(?:avif|avis|(?:mif1|msf1).{4,48}?avif)", re.DOTALL),
        "image/avif",
    ),
    (re.compile(rb"\x00\x00\x00.ftyp(?:hei|hev|mif1|msf1)", re.DOTALL), "image/heic"),
    (re.compile(rb"II\*\x00|MM\x00\*|II\+\x00|MM\x00\+"), "image/tiff"),
    (re.compile(rb"BM.{4}\x00\x00\x00\x00", re.DOTALL), "image/bmp"),
    (re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL "), "image/jxl"),
    (re.compile(rb"\x00\x00\x00\x0cjP|\xff\x4f\xff\x51"), "image/jp2"),
)

# What people send by mistake, with the way out. Order matters: the first that fits is told.
_KNOWN = (
    (re.compile(rb"#EXTM3U"), "a playlist, which names other files"),
    (re.compile(rb"\x00\x00\x00.ftyp(?:avif|avis)", re.DOTALL), "an AVIF picture"),
    (re.compile(rb"\x00\x00\x00.ftyp(?:hei|hev|mif1|msf1)", re.DOTALL), "a HEIC picture"),
    (re.compile(rb"....ftyp", re.DOTALL), "a video"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "a video"),
    (re.compile(rb"RIFF.{4}AVI ", re.DOTALL), "a video"),
    (re.compile(rb"II\*\x00|MM\x00\*|II\+\x00|MM\x00\+"), "a TIFF picture"),
    (re.compile(rb"BM.{4}\x00\x00\x00\x00", re.DOTALL), "a BMP picture"),
    (re.compile(rb"\x00\x00\x01\x00"), "an icon file"),
    (re.compile(rb"8BPS"), "a Photoshop file"),
    (re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL "), "a JPEG XL picture"),
    (re.compile(rb"\x00\x00\x00\x0cjP|\xff\x4f\xff\x51"), "a JPEG 2000 picture"),
    (re.compile(rb"%PDF"), "a PDF document"),
    (re.compile(rb"%!PS"), "a PostScript document"),
    (re.compile(rb"PK\x03\x04"), "a ZIP archive or an Office document"),
    (re.compile(rb"\x1f\x8b"), "a gzip archive"),
)

_TEXTS = (
    (re.compile(rb"<svg[\s>/]|<!doctype\s+svg", re.IGNORECASE), "an SVG drawing"),
    (
        re.compile(rb"<(?:!doctype\s+html|html|head|body|title|script)\b", re.IGNORECASE),
        "an HTML page",
    ),
    (re.compile(rb"\A\s*<(?:\?xml|[a-z])", re.IGNORECASE), "an XML document"),
    (re.compile(rb"\A\s*[{\[]"), "JSON"),
    (re.compile(rb"\A[\t\r\n\x20-\x7e]+\Z"), "text"),
)

_WAYS_OUT = {
    "an SVG drawing": "export it as PNG",
    "an HTML page": "give the address of the picture itself, not of a page that shows it",
}
_ANY_WAY_OUT = "use PNG, JPEG, WebP or GIF"


def sniff(content: bytes) -> str:
    """Name the media type of a picture that we read. Raises UnreadablePictureError for the rest."""
    if not content:
        raise UnreadablePictureError("the file is empty")
    for pattern, media_type in _READ:
        if pattern.match(content):
            return media_type
    kind = named_kind(content)
    if kind is None:
        begins = content[:_SHOWN_BYTES].hex(" ")
        raise UnreadablePictureError(f"its type is unknown (it begins {begins}); {_ANY_WAY_OUT}")
    raise UnreadablePictureError(f"this is {kind}; {_WAYS_OUT.get(kind, _ANY_WAY_OUT)}")


def sniff_made(content: bytes) -> str:
    """Name the media type of a picture that was made, read by us or not.

    Raises UnreadablePictureError for what is no picture.
    """
    for pattern, media_type in _KEPT:
        if pattern.match(content):
            return media_type
    return sniff(content)


_CLIPS = (
    (re.compile(rb"....ftyp(?!avif|avis|hei|hev|mif1|msf1)", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "video/webm"),
)


def sniff_clip(content: bytes) -> str:
    """Name the media type of a clip that we read. Raises UnreadableClipError for the rest."""
    for pattern, media_type in _CLIPS:
        if pattern.match(content):
            return media_type
    named = next((media_type for pattern, media_type in _READ if pattern.match(content)), None)
    kind = f"a picture ({named})" if named else named_kind(content)
    raise UnreadableClipError(f"this is {kind or 'of an unknown type'}")


_SOUNDS = (
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"ID3|\xff[\xfa\xfb\xf2\xf3]"), "audio/mpeg"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"....ftyp(?!avif|avis|hei|hev|mif1|msf1)", re.DOTALL), "audio/mp4"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "audio/webm"),
)


def sniff_sound(content: bytes) -> str:
    """Name the media type of a sound that we read. Raises UnreadableSoundError for the rest."""
    for pattern, media_type in _SOUNDS:
        if pattern.match(content):
            return media_type
    named = next((media_type for pattern, media_type in _READ if pattern.match(content)), None)
    kind = f"a picture ({named})" if named else named_kind(content)
    raise UnreadableSoundError(f"this is {kind or 'of an unknown type'}")


def named_kind(content: bytes) -> str | None:
    """Name a kind of file that we do not read, as people call it; None for an unknown one."""
    for pattern, kind in _KNOWN:
        if pattern.match(content):
            return kind
    text = content[:_TEXT_PREFIX].removeprefix(b"\xef\xbb\xbf")
    if b"\x00" in text:
        return None
    return next((kind for pattern, kind in _TEXTS if pattern.search(text)), None)
