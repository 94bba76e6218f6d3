"""Decoding the frames of a clip, or of a piece of one, and having each measured."""

import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import av
import av.error

from callsheet.media.measuring.files import GivenFile
from callsheet.media.measuring.kinds import Kind
from callsheet.media.measuring.meters import ALWAYS, Meter
from callsheet.media.measuring.probing import first_video, opened
from callsheet.media.measuring.views import View
from callsheet.ports.measuring import Trace, UnreadableMediaError

LEAD_S: Final = 2.0  # of what comes before a piece is looked at too: flashes have a second of past
SAMPLES_PER_S: Final = 3
MAX_SIDE: Final = 8_192
_MOST_ERRORS: Final = 10_000
_DECODER: Final = {"err_detect": "explode"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a clip, in seconds: from `start` to before `end`."""

    start: float
    end: float


WHOLE: Final = Piece(-math.inf, math.inf)


@dataclass(slots=True)
class Frames:
    """Frames of a clip in their order, and what was lost on the way."""

    container: Any
    stream: Any
    errors: list[float] = field(default_factory=list)  # times near which they happened

    def __iter__(self) -> Iterator[tuple[float, Any]]:
        base, last = self.stream.time_base, 0.0
        for packet in self._packets():
            if packet.pts is not None:
                last = float(packet.pts * base)
            for frame in self._decoded(packet, last):
                if frame.pts is None:
                    continue
                yield float(frame.pts * base), frame

    def _packets(self) -> Iterator[Any]:
        try:
            yield from self.container.demux(self.stream)
        except (av.error.FFmpegError, ValueError, OverflowError):
            self.errors.append(math.inf)  # nobody knows how much is missing

    def _decoded(self, packet: Any, near: float) -> list[Any]:
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, ValueError) as error:
            if isinstance(error, av.error.EOFError):
                return []
            self.errors.append(near)
            if len(self.errors) > _MOST_ERRORS:
                raise UnreadableMediaError("it is damaged all over") from error
            return []
        broken = [frame for frame in frames if frame.is_corrupt]
        self.errors += [near] * len(broken)
        return list(frames)


def open_frames(container: Any) -> Frames:
    """Make ready to decode the first track of moving pictures. Raises UnreadableMediaError."""
    stream = first_video(container)
    if stream is None or stream.codec_context is None:
        raise UnreadableMediaError("it has no pictures that can be decoded")
    codec = stream.codec_context
    if max(codec.width, codec.height) > MAX_SIDE:
        reason = (
            f"it is {codec.width} x {codec.height} pixels, at most {MAX_SIDE:,} a side are read"
        )
        raise UnreadableMediaError(reason)
    stream.thread_type = "NONE"  # the process may start no thread
    codec.thread_count = 1  # nor may a decoder that has its own
    codec.options = _DECODER
    return Frames(container, stream)


def measure_frames(
    file: GivenFile, kind: Kind, piece: Piece, meters: Sequence[type[Meter]]
) -> Trace:
    """Decode a piece of a clip and have each frame measured. Raises UnreadableMediaError."""
    with opened(file, kind) as container:
        frames = open_frames(container)
        if piece.start > 0:
            _seek(container, frames.stream, piece.start - LEAD_S)
        rows = _Rows([meter() for meter in (*ALWAYS, *meters)])
        before: View | None = None
        for time, frame in frames:
            if time >= piece.end:
                break
            if time < piece.start - LEAD_S:
                continue
            view = View(frame, time, before, _is_sample(time, before))
            rows.add(view, kept=time >= piece.start)
            before = view
            _let_go(before)
        first, count = _errors_in(frames.errors, piece)
        return Trace(rows.times, rows.columns, count, first)


def _is_sample(time: float, before: View | None) -> bool:
    """Tell whether costly meters look: some times a second, by the clock and not by counting."""
    last = before.time if before is not None else -1.0
    return math.floor(time * SAMPLES_PER_S) != math.floor(last * SAMPLES_PER_S)


def _let_go(view: View) -> None:
    """Forget frames that nobody will compare with."""
    if view.before is not None and view.before.before is not None:
        view.before.before = None


def _errors_in(errors: Sequence[float], piece: Piece) -> tuple[float | None, int]:
    here = [time for time in errors if piece.start <= time < piece.end or math.isinf(time)]
    known = [time for time in here if not math.isinf(time)]
    return (min(known) if known else None), len(here)


def _seek(container: Any, stream: Any, time: float) -> None:
    try:
        container.seek(max(0, int(time / stream.time_base)), stream=stream)
    except av.error.FFmpegError:
        container.seek(0)  # one that cannot be sought is read from its beginning


class _Rows:
    """Numbers of frames, by column."""

    def __init__(self, meters: Sequence[Meter]) -> None:
        self.times = array("d")
        self.columns = {name: array("f") for meter in meters for name in meter.columns}
        self._meters = [(meter, [self.columns[name] for name in meter.columns]) for meter in meters]

    def add(self, view: View, *, kept: bool) -> None:
        """Have a frame measured; what is not `kept` is only seen by the meters."""
        if kept:
            self.times.append(view.time)
        for meter, columns in self._meters:
            for column, value in zip(columns, meter(view), strict=True):
                if kept:
                    column.append(value)
