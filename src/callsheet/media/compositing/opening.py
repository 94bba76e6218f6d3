"""Opening a picture's file: upright, in sRGB, eight bits a channel, and what was lost."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from callsheet.media.examine import PictureLimits
from callsheet.media.sniffing import sniff_made
from callsheet.ports.pictures import UnreadablePictureError

_FORMATS: Final = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/avif": "AVIF",
    "image/tiff": "TIFF",
    "image/bmp": "BMP",
}
_TRANSPARENT: Final = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})
_PAGES: Final = frozenset({"GIF", "WEBP", "TIFF", "AVIF"})
_OPAQUE: Final = 255


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture as we work on it: RGB in sRGB, its alpha if some pixel is not opaque."""

    rgb: Image.Image
    alpha: Image.Image | None
    media_type: str
    notes: tuple[str, ...]


def opened(content: bytes, name: str, limits: PictureLimits) -> Opened:
    """Decode an untrusted picture. Raises UnreadablePictureError, which says `name`."""
    try:
        media_type = sniff_made(content)
        with _reading(content, _format_of(media_type), limits) as found:
            notes = [*_said_of(found)]
            rgb, alpha = _plain(found, notes)
    except UnreadablePictureError as error:
        raise UnreadablePictureError(f"{name}: {error.reason}") from error
    return Opened(rgb, alpha, media_type, tuple(f"{name}: {note}" for note in notes))


def _format_of(media_type: str) -> str:
    if media_type not in _FORMATS:
        reason = f"{media_type} is not read here; use PNG, JPEG, WebP, AVIF or TIFF"
        raise UnreadablePictureError(reason)
    return _FORMATS[media_type]


def _refuse_oversized(size: tuple[int, int], limits: PictureLimits) -> None:
    width, height = size
    if max(size) > limits.max_side or width * height > limits.max_pixels:
        reason = (
            f"it is {width} x {height} pixels; at most {limits.max_side:,} a side and"
            f" {limits.max_pixels:,} in all are read"
        )
        raise UnreadablePictureError(reason)


@contextmanager
def _reading(content: bytes, kind: str, limits: PictureLimits) -> Iterator[Image.Image]:
    """Open and load a picture within limits; decoders' own errors become ours."""
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as found:
            _refuse_oversized(found.size, limits)
            found.load()
            yield found
    except UnreadablePictureError:
        raise
    except Image.DecompressionBombError as error:
        raise UnreadablePictureError(f"more than {limits.max_pixels:,} pixels") from error
    except UnidentifiedImageError as error:
        raise UnreadablePictureError(f"the {kind} file is damaged at its very start") from error
    except MemoryError as error:
        raise UnreadablePictureError("it needs more memory than a picture may take") from error
    except Exception as error:
        # Decoders raise whatever a damaged or hostile file provokes in them.
        raise UnreadablePictureError(f"the {kind} file is damaged or cut off ({error})") from error


def _said_of(found: Image.Image) -> Iterator[str]:
    if found.format in _PAGES and getattr(found, "n_frames", 1) > 1:
        yield "has several frames; the first is used"
    if found.mode.startswith("I;16") or ";16" in str(found.info.get("rawmode", _raw_mode(found))):
        yield "16 bits a channel, cut to 8"


def _raw_mode(found: Image.Image) -> object:
    return getattr(found, "rawmode", "")


def _plain(found: Image.Image, notes: list[str]) -> tuple[Image.Image, Image.Image | None]:
    """Split into RGB under sRGB and alpha, upright."""
    profile = found.info.get("icc_profile")
    upright = _upright(found)
    if upright.mode.startswith("I"):
        deep = upright.mode.startswith("I;16") or upright.getextrema()[1] > _OPAQUE  # type: ignore[operator]  # one channel
        upright = upright.point(lambda value: value * (1 / 256 if deep else 1)).convert("L")
    alpha = None
    if upright.mode in _TRANSPARENT or "transparency" in upright.info:
        whole = upright.convert("RGBA")
        alpha = whole.getchannel("A")
        upright = whole.convert("RGB")
        if alpha.getextrema() == (_OPAQUE, _OPAQUE):
            alpha = None
    return _under_srgb(upright, profile, notes), alpha


def _upright(found: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(found)
    except Exception:  # noqa: BLE001  # damaged EXIF, in any of many ways, turns nothing
        return found.copy()


def _under_srgb(found: Image.Image, profile: Any, notes: list[str]) -> Image.Image:
    """Convert a picture to RGB under sRGB, by its own profile where it has a usable one."""
    if profile:
        try:
            return _converted(found, profile, notes)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            notes.append("its colour profile is damaged and was left aside")
    if found.mode == "CMYK":
        notes.append("CMYK without a usable profile: colours are approximate")
    return found if found.mode == "RGB" else found.convert("RGB")


def _converted(found: Image.Image, profile: bytes, notes: list[str]) -> Image.Image:
    source = ImageCms.getOpenProfile(io.BytesIO(profile))
    name = " ".join(ImageCms.getProfileDescription(source).split())[:80]
    if "srgb" in name.lower() and found.mode == "RGB":
        return found
    if found.mode not in {"RGB", "CMYK", "L"}:
        found = found.convert("RGB")
    turned = ImageCms.profileToProfile(
        found,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        outputMode="RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    if turned is None:
        raise ValueError(name)
    notes.append(f"converted to sRGB from {name or 'its profile'}")
    return turned
