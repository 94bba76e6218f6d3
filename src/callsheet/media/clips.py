"""Clips: what one is, and a poster of it. Loaded only where clips are looked at: libav is large."""

import contextlib
import io
from typing import Any, Final

import av
import av.error
from PIL import Image

from callsheet.ports.pictures import Glimpse, UnreadableClipError

FORMATS: Final = {"video/mp4": "mov", "video/webm": "matroska"}
MAX_SIDE: Final = 8_192
_POSTER_AT: Final = 1 / 3  # first frames are often black
_DARK: Final = 12.0  # mean of luma, of 255
_LOOKS: Final = 5


class _Patchwork(io.RawIOBase):
    """A file of which some parts are at hand, for reading; what lies between is zeros."""

    def __init__(self, glimpse: Glimpse) -> None:
        self._glimpse, self._at = glimpse, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._glimpse.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._glimpse.size - self._at)
        size = left if size < 0 else min(size, left)
        next_at = self._at + size
        for start, content in self._glimpse.parts:
            if start <= self._at < start + len(content):
                piece = content[self._at - start : next_at - start]
                self._at += len(piece)
                return piece
            if self._at < start < next_at:
                next_at = start
        piece = bytes(next_at - self._at)
        self._at = next_at
        return piece


def probe(clip: Glimpse, media_type: str, poster_side: int) -> tuple[dict[str, Any], bytes]:
    """Open an untrusted clip by its own demuxer; its facts, and a WebP poster.

    The bytes are in memory, so there is no address for the demuxer to follow. Of a clip that is
    known in part, and sound as far as its parts tell, facts and poster may be missing: it is not
    damaged for that. Raises UnreadableClipError.
    """
    partly = len(clip.head) < clip.size
    file = _Patchwork(clip) if partly else io.BytesIO(clip.head)
    try:
        with av.open(file, mode="r", format=FORMATS[media_type]) as container:
            return _probed(container, media_type, poster_side, partly=partly)
    except (av.error.FFmpegError, ValueError, OverflowError, MemoryError) as error:
        if not partly:
            raise UnreadableClipError(f"it is damaged or cut off ({error})") from error
        facts = {"media_type": media_type, "width": 0, "height": 0, "duration_s": 0.0}
        note = f"no thumbnail: of {clip.size:,} bytes only parts are looked at ({error})"
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
    content = out.getvalue()
    probe(Glimpse(len(content), [(0, content)]), "video/mp4", 64)
