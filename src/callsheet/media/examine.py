"""Examining one untrusted picture; runs in a process of its own (see `apart`).

`pixels` of a picture is the SHA-256 of ``f"{width}x{height}:"`` in ASCII, followed by its pixels
row by row from the top, each as four bytes: red, green, blue, alpha (not premultiplied). Before
that, the EXIF orientation is applied, 16-bit channels are cut to their upper 8 bits, and a pixel
with alpha 0 counts as 0, 0, 0, 0: encoders are free to change colours that nobody sees. Colour
profiles are not applied. So the same picture has the same `pixels` as PNG at any compression, as
lossless WebP, and turned by EXIF or by hand.
"""

import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from PIL import AvifImagePlugin, Image, UnidentifiedImageError

from callsheet.kernel.digests import Sha256
from callsheet.media.containers import Pixels, glanced, whole
from callsheet.media.likeness import likeness_of
from callsheet.ports.pictures import PictureFacts, Shown, UnreadablePictureError

WORKING_SIDE = 1_024

_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
# Of what was made these are read for show, too; nobody may send them.
_MADE_FORMATS = {"image/avif": "AVIF", "image/bmp": "BMP", "image/tiff": "TIFF"}
_WARM_UP_MODES = {
    "PNG": ("RGB", "RGBA", "L", "P", "I;16"),
    "JPEG": ("RGB", "L", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("P", "L"),
    "AVIF": ("RGB",),
    "BMP": ("RGB",),
    "TIFF": ("RGB",),
}
# Asked for a format that it has not loaded, Pillow loads all of its forty. Mpo: JPEGs of several
# pictures.
_PLUGINS = ("Avif", "Bmp", "Gif", "Jpeg", "Mpo", "Png", "Tiff", "WebP")
_DEEP_GREYS = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
_TRANSPARENT_MODES = frozenset({"RGBA", "LA", "PA", "RGBa"})
_QUICKLY: Mapping[str, Mapping[str, Any]] = {
    "AVIF": {"speed": 10},
    "TIFF": {"compression": "tiff_lzw"},
}  # as samples are written
_STRIP_PIXELS = 1 << 20  # hashed at once: bounds the memory of a large picture
_CLEAR = (0, 0, 0, 0)
_ORIENTATION_TAG = 0x0112
_ORIENTATIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = frozenset({5, 6, 7, 8})
# JPEG takes a tenth of WebP's time, for twice its bytes. See-through pictures need WebP, whose
# method 2 takes a third of the time of the default 4, for a tenth more bytes.
_THUMBNAIL_FORM = {"quality": 80}
_CLEAR_THUMBNAIL_FORM = {"quality": 80, "method": 2}
# The working copy is read again within seconds. Runs of equal bytes alone (zlib's RLE) take a third
# of the time of level 6, and on photographs less room than level 1.
_WORKING_FORM = {"compress_level": 1, "compress_type": zlib.Z_RLE}


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How large a picture may be, checked on its header before anything is decoded."""

    max_pixels: int = 50_000_000
    max_side: int = 16_384


class _BeyondLimits(Exception):  # noqa: N818  # no fault of the picture's
    """Decoding it would take more than a picture may."""


def examine(content: bytes, media_type: str, limits: PictureLimits) -> PictureFacts:
    """Decode a picture whole and say what it is. Raises UnreadablePictureError."""
    try:
        picture, (width, height) = _decoded(content, _FORMATS[media_type], limits)
    except _BeyondLimits as beyond:
        raise UnreadablePictureError(str(beyond)) from beyond
    pixels = pixels_of(picture)
    picture.thumbnail((WORKING_SIDE, WORKING_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return PictureFacts(
        media_type=media_type,
        width=width,
        height=height,
        pixels=pixels,
        likeness=likeness_of(picture),
        working_copy=_encoded(picture, "PNG", **_WORKING_FORM),
    )


def shown(content: bytes, media_type: str, limits: PictureLimits, side: int) -> Shown:
    """Read a picture that was made for what can be shown of it.

    What was paid for and is whole is kept, whatever can be shown of it: a picture that is larger
    than `limits`, or that no decoder here reads, has no thumbnail. Raises UnreadablePictureError
    for one that is damaged or cut off.
    """
    kind = {**_FORMATS, **_MADE_FORMATS}.get(media_type)
    if kind is None:
        return glanced(whole(content), media_type, "there is no decoder for it here")
    try:
        picture, size = _decoded(content, kind, limits, side=side)
    except _BeyondLimits as beyond:
        return glanced(whole(content), media_type, str(beyond))
    except UnreadablePictureError as error:
        if media_type in _FORMATS:
            raise
        return glanced(whole(content), media_type, error.reason)  # of a kind that we do not know
    return Shown(_thumbnail(picture, side), size)


def decoded_whole(content: bytes, media_type: str, limits: PictureLimits) -> Image.Image:
    """Decode a picture whole and upright, RGB or RGBA. Raises UnreadablePictureError."""
    try:
        picture, _ = _decoded(content, _FORMATS[media_type], limits)
    except _BeyondLimits as beyond:
        raise UnreadablePictureError(str(beyond)) from beyond
    return picture


def load_readers(limits: PictureLimits) -> None:
    """Load what pictures that people send are read with; no more can be loaded under lock."""
    Image.MAX_IMAGE_PIXELS = limits.max_pixels // 2  # see warm_up
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    for name in ("Gif", "Jpeg", "Mpo", "Png", "WebP"):
        import_module(f"PIL.{name}ImagePlugin")
    for media_type, format_name in _FORMATS.items():
        buffer = io.BytesIO()
        Image.new("RGB", (16, 16)).save(buffer, format_name)
        decoded_whole(buffer.getvalue(), media_type, limits)


def _thumbnail(picture: Image.Image, side: int) -> bytes:
    """Shrink a picture to about `side` pixels; JPEG, or WebP where it is see-through.

    By a whole number, which averages blocks of pixels in a fifth of the time that any other ratio
    takes: so the longer side comes to between two thirds of `side` and one and a half of it.
    """
    ratio = round(max(picture.size) / side)
    if ratio > 1:
        picture = picture.reduce(ratio)
    if picture.mode == "RGB":
        return _encoded(picture, "JPEG", **_THUMBNAIL_FORM)
    return _encoded(picture, "WEBP", **_CLEAR_THUMBNAIL_FORM)


def pixels_of(picture: Image.Image) -> Sha256:
    """Digest the pixels of a picture (RGB or RGBA), as the module says."""
    width, height = picture.size
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(top + rows, height)))
        digest.update(_without_hidden_colours(_converted(strip, "RGBA")).tobytes())
    return Sha256(digest.hexdigest())


def warm_up(limits: PictureLimits) -> None:
    """Use every decoder and encoder once, so that nothing is left to load under lock.

    It also proves that this build of Pillow has them all.
    """
    # Pillow refuses at twice this number, before its WebP decoder sets memory aside.
    Image.MAX_IMAGE_PIXELS = limits.max_pixels // 2
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
    for name in _PLUGINS:
        import_module(f"PIL.{name}ImagePlugin")
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the process may start none
    for media_type, format_name in {**_FORMATS, **_MADE_FORMATS}.items():
        for mode in _WARM_UP_MODES[format_name]:
            sample = Image.new(mode, (8, 8))
            exif = sample.getexif()
            exif[_ORIENTATION_TAG] = 6
            buffer = io.BytesIO()
            sample.save(buffer, format_name, exif=exif, **_QUICKLY.get(format_name, {}))
            if media_type in _FORMATS:
                examine(buffer.getvalue(), media_type, limits)
            shown(buffer.getvalue(), media_type, limits, 4)


def _decoded(
    content: bytes, kind: str, limits: PictureLimits, side: int | None = None
) -> tuple[Image.Image, Pixels]:
    """Decode the first frame, upright, as RGB or (if any of it is transparent) as RGBA; its size.

    With `side` a JPEG may come out smaller than its size, though never below that many pixels, and
    may be of any size that comes out within the limits. Raises _BeyondLimits.
    """
    shrunk = side is not None and kind == "JPEG"
    try:
        with _opened(content, kind, of_any_size=shrunk) as opened:
            width, height = opened.size
            if side is not None:
                opened.draft(None, (side, side))
            _refuse_oversized(opened.size, limits)
            opened.load()
            _refuse_oversized(opened.size, limits)
            orientation = _orientation(opened)
            turn = _ORIENTATIONS.get(orientation)
            picture = _plain(opened)
            picture = picture if turn is None else picture.transpose(turn)
    except (UnreadablePictureError, _BeyondLimits):
        raise
    except Image.DecompressionBombError as error:
        raise _BeyondLimits(_too_many_pixels(limits)) from error
    except UnidentifiedImageError as error:
        raise UnreadablePictureError(f"the {kind} file is damaged at its very start") from error
    except MemoryError as error:
        raise _BeyondLimits("it needs more memory than a picture may take") from error
    except Exception as error:
        # Decoders raise whatever a damaged or hostile file provokes in them.
        raise UnreadablePictureError(f"the {kind} file is damaged or cut off ({error})") from error
    size = (height, width) if orientation in _SIDEWAYS else (width, height)
    return picture, size


@contextmanager
def _opened(content: bytes, kind: str, *, of_any_size: bool) -> Iterator[Image.Image]:
    """Open a picture; of any size only where opening sets no memory aside for its pixels."""
    most = Image.MAX_IMAGE_PIXELS
    if of_any_size:
        Image.MAX_IMAGE_PIXELS = None
    try:
        opened = Image.open(io.BytesIO(content), formats=[kind])
    finally:
        Image.MAX_IMAGE_PIXELS = most
    with opened:
        yield opened


def _refuse_oversized(size: Pixels, limits: PictureLimits) -> None:
    width, height = size
    if max(size) > limits.max_side:
        reason = f"it is {width} x {height} pixels; a side may have at most {limits.max_side:,}"
        raise _BeyondLimits(reason)
    if width * height > limits.max_pixels:
        raise _BeyondLimits(f"it is {width} x {height} pixels; {_too_many_pixels(limits)}")


def _too_many_pixels(limits: PictureLimits) -> str:
    return f"a picture may have at most {limits.max_pixels:,} pixels"


def _orientation(opened: Image.Image) -> int:
    """Read how a picture is to be turned; damaged EXIF turns nothing."""
    try:
        found = opened.getexif().get(_ORIENTATION_TAG, 1)
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError, struct.error):
        return 1
    return found if isinstance(found, int) else 1


def _plain(opened: Image.Image) -> Image.Image:
    """Bring any mode to RGB, or to RGBA where some pixel is not opaque."""
    picture = opened
    if picture.mode in _DEEP_GREYS:
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in _TRANSPARENT_MODES or "transparency" in picture.info:
        picture = _converted(picture, "RGBA")
        opaque = picture.getchannel("A").getextrema() == (255, 255)
        picture = _converted(picture, "RGB") if opaque else picture
    else:
        picture = _converted(picture, "RGB")
    picture.info = {}  # profiles and comments stay behind
    return picture


def _converted(picture: Image.Image, mode: str) -> Image.Image:
    """Convert without the copy that Pillow makes even of a picture that has the mode already."""
    return picture if picture.mode == mode else picture.convert(mode)


def _without_hidden_colours(strip: Image.Image) -> Image.Image:
    alpha = strip.getchannel("A")
    if alpha.getextrema()[0] != 0:
        return strip
    seen = alpha.point([0] + [255] * 255)
    return Image.composite(strip, Image.new("RGBA", strip.size, _CLEAR), seen)


def _encoded(picture: Image.Image, format_name: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format_name, **options)
    return buffer.getvalue()
