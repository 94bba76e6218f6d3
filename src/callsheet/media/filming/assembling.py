"""Segments and sound become one film: joined without encoding pictures again."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.packet import Packet

_AUDIO_BITS: Final = 192_000
_SHORT: Final = 0.5  # seconds of sound that go ahead of the picture


class FrameCountError(Exception):
    """A film has not the frames that were planned."""

    def __init__(self, planned: int, found: int) -> None:
        super().__init__(f"the film has {found} frames, and {planned} were planned")


def assemble(
    segments: Sequence[Path], sound: Path | None, rate: Fraction, title: str, out: Path
) -> int:
    """Join segments and sound into an MP4 that plays while it loads; answers its frames."""
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    frames = 0
    with av.open(out, "w", format="mp4", options=options) as film, av.open(segments[0]) as first:
        film.metadata["title"] = title
        video = film.add_stream_from_template(first.streams.video[0])
        video.time_base = 1 / rate
        sounds = _Sound(film, sound) if sound is not None else None
        for packet in _joined(segments, rate):
            packet.stream = video
            if sounds is not None:
                sounds.until(frames / float(rate) + _SHORT)
            film.mux(packet)
            frames += 1
        if sounds is not None:
            sounds.until(None)
    return frames


def _joined(segments: Sequence[Path], rate: Fraction) -> Iterator["Packet[Any]"]:
    """Go through the packets of all segments with times that run on: one packet is one frame."""
    at = 0
    for path in segments:
        with av.open(path) as segment:
            for packet in segment.demux(video=0):
                if packet.size == 0:
                    continue
                packet.time_base = 1 / rate
                packet.pts = packet.dts = at
                packet.duration = 1
                at += 1
                yield packet


class _Sound:
    """Sound on its way into a film, as far as it is wanted."""

    def __init__(self, film: av.container.OutputContainer, path: Path) -> None:
        self._film = film
        self._source = av.open(path)
        self._stream = film.add_stream("aac", rate=48_000)
        self._stream.layout = "stereo"
        self._stream.bit_rate = _AUDIO_BITS
        self._stream.options = {"flags": "+bitexact"}
        self._resampler = av.AudioResampler("fltp", "stereo", 48_000, frame_size=1_024)
        self._frames = self._source.decode(audio=0)
        self._at = 0.0

    def until(self, seconds: float | None) -> None:
        """Encode up to a time; to the end with None."""
        while seconds is None or self._at < seconds:
            frame = next(self._frames, None)
            if frame is None:
                if seconds is None:
                    self._end()
                return
            self._at = float(frame.pts or 0) / 48_000
            for part in self._resampler.resample(frame):
                self._film.mux(self._stream.encode(part))

    def _end(self) -> None:
        for part in self._resampler.resample(None):
            self._film.mux(self._stream.encode(part))
        self._film.mux(self._stream.encode())
        self._source.close()
