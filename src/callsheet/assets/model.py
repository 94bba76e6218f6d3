"""An asset as a value, and where its bytes lie in the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import WorkspaceId


@dataclass(frozen=True, slots=True)
class Asset:
    """A file we own. `made_from` says what it came from: {take} or {reference}.

    `size` is in bytes. `beginning` is how a text begins, as people may read it; None for what is no
    text. `thumbnail` is whether it has one. The rest is what was measured of it, and None where
    that is not known, or there is nothing of the kind: pixels of what can be seen, seconds, frames
    a second, and of its sound samples a second and channels.
    `examine_at` (seconds since 1970) is when somebody must look at what was stored unseen, and None
    once that is done; `unreadable` says what was wrong with it then.
    """

    sha256: Sha256
    workspace: WorkspaceId
    media_type: str
    size: int
    created_at: datetime
    made_from: Mapping[str, Any] = field(default_factory=dict)
    beginning: str | None = None
    width: int | None = None
    height: int | None = None
    thumbnail: bool = True
    duration_s: float | None = None
    frame_rate: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    examine_at: float | None = None
    unreadable: str | None = None


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """What people are told of an asset; see Asset."""

    media_type: str
    beginning: str | None = None
    width: int | None = None
    height: int | None = None
    thumbnail: bool = True
    duration_s: float | None = None
    sample_rate: int | None = None
    channels: int | None = None


_EXTENSIONS: Final[Mapping[str, str]] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "image/heic": "heic",
    "image/tiff": "tiff",
    "image/bmp": "bmp",
    "image/jxl": "jxl",
    "image/jp2": "jp2",
    "video/mp4": "mp4",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/webm": "weba",
    "text/plain": "txt",
    "application/json": "json",
}


def extension_of(media_type: str) -> str:
    """Name files of a type as people expect, e.g. `jpg`; `bin` for what we do not know."""
    return _EXTENSIONS.get(media_type, "bin")


def asset_key(sha256: str) -> str:
    """Name the object that holds an asset's bytes."""
    return f"assets/{sha256[:2]}/{sha256}"


def thumbnail_key(sha256: str) -> str:
    """Name the object that holds an asset's thumbnail (about 384 pixels a side)."""
    return f"thumbnails/{sha256[:2]}/{sha256}"
