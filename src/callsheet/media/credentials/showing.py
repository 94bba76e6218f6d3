"""What a file shows, as a digest: equal before and after something was written beside it."""

import hashlib
import io
from typing import IO, Any, Final

import av

from callsheet.kernel.digests import Sha256
from callsheet.media.examine import PictureLimits, decoded_whole, pixels_of
from callsheet.media.measuring.files import GivenFile, refused
from callsheet.ports.pictures import UnreadableClipError

_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_CLIPS: Final = {"video/mp4": "mov", "video/webm": "matroska"}
_BUFFER: Final = 1 << 20
_AT_ONCE: Final = 8 << 20
_SIDE: Final = 32


def fingerprint(file: GivenFile, media_type: str, limits: PictureLimits) -> Sha256:
    """Digest a picture's pixels (see `examine`), a clip's packets, or else all bytes.

    Equal packets of equal codecs decode to equal frames and samples, in a hundredth of the time.
    Raises UnreadablePictureError, UnreadableClipError.
    """
    if media_type in _PICTURES:
        return pixels_of(decoded_whole(file.read(), media_type, limits))
    if media_type in _CLIPS:
        return _packets(file, _CLIPS[media_type])
    digest = hashlib.sha256()
    while part := file.read(_AT_ONCE):
        digest.update(part)
    return Sha256(digest.hexdigest())


def load_demuxers() -> None:
    """Make a small clip and read it, so that what libav and its wrapper load late is loaded."""
    out = io.BytesIO()
    with av.open(out, mode="w", format="mov") as container:
        video = container.add_stream("mpeg4", rate=2)
        video.width = video.height = _SIDE
        video.pix_fmt = "yuv420p"
        video.thread_type = "NONE"
        container.mux(video.encode(av.VideoFrame(_SIDE, _SIDE, "yuv420p")))
        container.mux(video.encode(None))
    out.seek(0)
    _packets(out, "mov")


def _packets(file: IO[bytes] | GivenFile, demuxer: str) -> Sha256:
    digest = hashlib.sha256()
    try:
        with av.open(file, "r", format=demuxer, buffer_size=_BUFFER, io_open=refused) as container:
            for stream in container.streams:
                context: Any = getattr(stream, "codec_context", None)  # data has none
                named = context.name if context else stream.type
                digest.update(f"{stream.index}:{named}:{stream.time_base}:".encode())
                digest.update((context.extradata or b"") if context else b"")
            for packet in container.demux():
                head = f"{packet.stream_index}:{packet.pts}:{packet.dts}:{packet.size}:"
                digest.update(head.encode())
                digest.update(bytes(packet))
    except (av.error.FFmpegError, ValueError, OverflowError, PermissionError) as error:
        raise UnreadableClipError(f"it is damaged or cut off ({error})") from error
    return Sha256(digest.hexdigest())
