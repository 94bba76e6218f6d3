"""Clips: what one is, and a poster of it. Loaded only where clips are looked at: libav is large."""

import contextlib
import io
from typing import Any, Final

import av
import av.error
from PIL import Image

from callsheet.ports.pictures import UnreadableClipError

FORMATS: Final = {"video/mp4": "mov", "video/webm": "matroska"}
MAX_SIDE: Final = 8_192
MAX_SECONDS: Final = 3_600.0
_POSTER_AT: Final = 1 / 3  # first frames are often black
_DARK: Final = 12.0  # mean of luma, of 255
_LOOKS: Final = 5


def probe(content: bytes, media_type: str, poster_side: int) -> tuple[dict[str, Any], bytes]:
    """Open an untrusted clip by its own demuxer; its facts, and a WebP poster.

    The bytes are in memory, so there is no address for the demuxer to follow. Raises
    UnreadableClipError.
    """
    try:
        with av.open(io.BytesIO(content), mode="r", format=FORMATS[media_type]) as container:
            if not container.streams.video:
                raise UnreadableClipError("it has no pictures, only sound")
            stream = container.streams.video[0]
            stream.thread_type = "NONE"  # the process may start no thread
            facts = _facts(container, stream, media_type)
            picture = _poster(container, stream, facts["duration_s"])
    except (av.error.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        raise UnreadableClipError(f"it is damaged or cut off ({error})") from error
    picture.thumbnail((poster_side, poster_side))
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=80)
    return facts, out.getvalue()


def _facts(container: Any, stream: Any, media_type: str) -> dict[str, Any]:
    if stream.codec_context is None:
        raise UnreadableClipError("its pictures are in a form that is not known")
    width, height = stream.codec_context.width, stream.codec_context.height
    if not 0 < min(width, height) <= max(width, height) <= MAX_SIDE:
        raise UnreadableClipError(f"it is {width}x{height}, at most {MAX_SIDE} a side are read")
    if container.duration is not None:
        duration_s = container.duration / av.time_base
    else:
        duration_s = float((stream.duration or 0) * stream.time_base)
    if not 0 < duration_s <= MAX_SECONDS:
        raise UnreadableClipError(f"it lasts {duration_s:g} s, up to {MAX_SECONDS:g} are read")
    return {
        "media_type": media_type,
        "width": width,
        "height": height,
        "duration_s": duration_s,
        "has_audio": bool(container.streams.audio),
    }


def _poster(container: Any, stream: Any, duration_s: float) -> Image.Image:
    """Take a frame near a third, or one soon after it that is not black."""
    with contextlib.suppress(av.error.FFmpegError):  # one that cannot be sought is read from 0
        container.seek(int(duration_s * _POSTER_AT * av.time_base))
    picture: Image.Image | None = None
    for looked, frame in enumerate(container.decode(stream)):
        picture = frame.to_image()
        luma = picture.convert("L").resize((16, 16)).tobytes()
        if sum(luma) / len(luma) > _DARK or looked + 1 >= _LOOKS:
            break
    if picture is None:
        raise UnreadableClipError("it has no frame that can be read")
    return picture


def warm_up() -> None:
    """Load what decoding needs, by making a clip of one frame and reading it."""
    out = io.BytesIO()
    with av.open(out, mode="w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.thread_type = "NONE"
        white = Image.new("RGB", (64, 64), "white")
        frame = av.VideoFrame.from_image(white)  # type: ignore[no-untyped-call]  # PyAV leaves it so
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    probe(out.getvalue(), "video/mp4", 64)
