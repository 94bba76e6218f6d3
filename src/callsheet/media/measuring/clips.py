"""Clips: what one is, and a poster of it. Loaded only where clips are looked at: libav is large."""

import contextlib
import io
from typing import Any, Final

import av
import av.error
from PIL import Image

from callsheet.media.measuring.files import refused
from callsheet.media.measuring.probing import BUFFER
from callsheet.ports.pictures import UnreadableClipError

FORMATS: Final = {"video/mp4": "mov", "video/webm": "matroska"}
MAX_SIDE: Final = 8_192
_POSTER_AT: Final = 1 / 3  # first frames are often black
_DARK: Final = 12.0  # mean of luma, of 255
_LOOKS: Final = 5


def probe(
    file: io.RawIOBase, size: int, media_type: str, poster_side: int, *, partly: bool
) -> tuple[dict[str, Any], bytes]:
    """Open an untrusted clip by its own demuxer; its facts, and a WebP poster.

    It has no name, and may open no other file. Of a clip that is known `partly`, the rest of it
    zeros, and sound as far as its parts tell, facts and poster may be missing: it is not damaged
    for that. Raises UnreadableClipError.
    """
    kind = FORMATS[media_type]
    try:
        with av.open(file, mode="r", format=kind, buffer_size=BUFFER, io_open=refused) as container:
            return _probed(container, media_type, poster_side, partly=partly)
    except (
        av.error.FFmpegError,
        ValueError,
        OverflowError,
        MemoryError,
        PermissionError,
    ) as error:
        if not partly:
            raise UnreadableClipError(f"it is damaged or cut off ({error})") from error
        facts = {"media_type": media_type, "width": 0, "height": 0, "duration_s": 0.0}
        note = f"no thumbnail: of {size:,} bytes only parts are looked at ({error})"
        return {**facts, "has_audio": False, "note": note}, b""


def _probed(
    container: Any, media_type: str, poster_side: int, *, partly: bool
) -> tuple[dict[str, Any], bytes]:
    if not container.streams.video:
        raise UnreadableClipError("it has no pictures, only sound")
    stream = container.streams.video[0]
    stream.thread_type = "NONE"  # the process may start no thread
    if stream.codec_context is not None:  # nor may a decoder that has its own
        stream.codec_context.thread_count = 1
    facts = _facts(container, stream, media_type)
    if facts["note"]:
        return facts, b""
    picture = _poster(container, stream, facts["duration_s"], partly=partly)
    picture.thumbnail((poster_side, poster_side))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=80)
    return facts, out.getvalue()


def _facts(container: Any, stream: Any, media_type: str) -> dict[str, Any]:
    if stream.codec_context is None:
        raise UnreadableClipError("its pictures are in a form that is not known")
    width, height = stream.codec_context.width, stream.codec_context.height
    if min(width, height) <= 0:
        raise UnreadableClipError("its pictures have no size")
    if container.duration is not None:
        duration_s = container.duration / av.time_base
    else:
        duration_s = float((stream.duration or 0) * stream.time_base)
    large = max(width, height) > MAX_SIDE
    note = f"no thumbnail: it is {width} x {height} pixels, at most {MAX_SIDE:,} a side are read"
    return {
        "media_type": media_type,
        "width": width,
        "height": height,
        "duration_s": duration_s,
        "has_audio": bool(container.streams.audio),
        "note": note if large else None,
        "frame_rate": float(stream.average_rate) if stream.average_rate else None,
        **_sound(container),
    }


def _sound(container: Any) -> dict[str, int | None]:
    """Tell samples a second and channels of the first sound, as far as they are known."""
    context = container.streams.audio[0].codec_context if container.streams.audio else None
    if context is None:
        return {"sample_rate": None, "channels": None}
    channels = context.layout.nb_channels if context.layout else None
    return {"sample_rate": context.sample_rate or None, "channels": channels or None}


def _poster(container: Any, stream: Any, duration_s: float, *, partly: bool) -> Image.Image:
    """Take a frame near a third, or one soon after it that is not black.

    What is known `partly` may not have it: then one near the beginning.
    """
    with contextlib.suppress(av.error.FFmpegError):  # one that cannot be sought is read from 0
        container.seek(int(duration_s * _POSTER_AT * av.time_base))
    picture: Image.Image | None = None
    try:
        picture = _frame(container, stream)
    except av.error.FFmpegError:
        if not partly:
            raise
    if picture is None and partly:
        container.seek(0)
        picture = _frame(container, stream)
    if picture is None:
        raise UnreadableClipError("it has no frame that can be read")
    return picture


def _frame(container: Any, stream: Any) -> Image.Image | None:
    """Take the next frame, or one soon after it that is not black."""
    picture: Image.Image | None = None
    for looked, frame in enumerate(container.decode(stream)):
        picture = frame.to_image(threads=1)
        luma = picture.convert("L").resize((16, 16)).tobytes()
        if sum(luma) / len(luma) > _DARK or looked + 1 >= _LOOKS:
            break
    return picture
