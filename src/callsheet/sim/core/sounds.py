"""Sounds of the simulated models: short real files, each encoded once and told apart by a tag."""

import io
import struct
from collections import OrderedDict
from collections.abc import Mapping
from fractions import Fraction

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

SOUND_TYPES: Mapping[str, str] = {
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
}
RATE = 24_000
_CODECS = {  # container, codec, sample format, samples of a frame
    "mp3": ("mp3", "libmp3lame", "fltp", 576),
    "wav": ("wav", "pcm_s16le", "s16", 1_024),
    "ogg": ("ogg", "libopus", "flt", 480),
    "m4a": ("ipod", "aac", "fltp", 1_024),
}
_PITCHES = 8  # encoding costs some milliseconds a second, so few different sounds are kept
_MOST_KEPT = 64
_MOST_S = 30  # a longer one is told by its order, and cut here
_LOWEST_HZ = 220
_LOUD = 0.2


class Sounds:
    """Makes sounds and keeps the latest encoded."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, str, int], bytes] = OrderedDict()

    def sound(self, seconds: int, ending: str, stamp: bytes) -> bytes:
        """Make a file (mp3, wav, ogg, m4a); the same arguments give the same bytes."""
        key = (min(max(seconds, 1), _MOST_S), ending, int.from_bytes(stamp[:4], "big") % _PITCHES)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = _encoded(*key)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return _stamped(found, ending, stamp.hex().encode())


def pcm(seconds: int, pitch: int = 0) -> bytes:
    """Make a tone as samples of 16 bits, one channel."""
    return (_tone(seconds, pitch) * 32_767).astype("<i2").tobytes()


def _tone(seconds: int, pitch: int) -> NDArray[np.float32]:
    at = np.arange(seconds * RATE) / RATE
    wave = _LOUD * np.sin(2 * np.pi * _LOWEST_HZ * (1 + pitch / _PITCHES) * at)
    return wave.astype(np.float32)


def _encoded(seconds: int, ending: str, pitch: int) -> bytes:
    container, codec, form, size = _CODECS[ending]
    into, wave = io.BytesIO(), _tone(seconds, pitch)
    with av.open(into, "w", format=container) as file:
        stream = file.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, AudioStream)  # noqa: S101  # all of these codecs are for sound
        stream.format = form
        for start in range(0, len(wave), size):
            piece = wave[start : start + size]
            samples = (piece * 32_767).astype("<i2") if form == "s16" else piece
            frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format=form, layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return into.getvalue()


def _stamped(content: bytes, ending: str, text: bytes) -> bytes:
    """Add what no player reads, so that each order has bytes of its own."""
    match ending:
        case "wav":  # a chunk of its own, within what the file says of its size
            chunk = struct.pack("<4sI", b"sim ", len(text)) + text
            size = struct.pack("<I", len(content) + len(chunk) - 8)
            return content[:4] + size + content[8:] + chunk
        case "m4a":
            return content + struct.pack(">I4s", 8 + len(text), b"free") + text
        case "mp3":  # the older tag at the end, of 128 bytes
            return content + (b"TAG" + text[:60]).ljust(127, b" ") + b"\xff"
        case _:
            return content  # one page after another, each with its checksum
