"""Clips of the simulated models: H.264 films, each encoded once and stamped for each order."""

import io
import math
import struct
from collections import OrderedDict
from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.filter import Graph
from av.video.stream import VideoStream

from callsheet.sim.core.pictures import draw_scene

FPS = 24
SHADES = 4  # encoding costs a second, so few different films are kept
_MOST_KEPT = 16
_AUDIO_RATE = 48_000
_AUDIO_FRAME = 1024
_TONE_HZ = 220
_FAST = {"preset": "ultrafast", "crf": "28", "threads": "1"}


class Clips:
    """Makes clips and keeps the latest films encoded."""

    def __init__(self) -> None:
        self._films: OrderedDict[tuple[str, int, int, int, bool, int], bytes] = OrderedDict()

    def clip(
        self, label: str, width: int, height: int, seconds: int, *, sound: bool, stamp: bytes
    ) -> bytes:
        """Make an MP4; the same arguments give the same bytes."""
        key = (label, width, height, seconds, sound, stamp[0] % SHADES)
        film = self._films.get(key)
        if film is None:
            film = self._films[key] = _film(*key)
            while len(self._films) > _MOST_KEPT:
                self._films.popitem(last=False)
        text = stamp.hex().encode()
        # players skip a box of this kind
        return film + struct.pack(">I4s", 8 + len(text), b"free") + text


def _film(label: str, width: int, height: int, seconds: int, sound: bool, shade: int) -> bytes:  # noqa: FBT001 - the cache's key, spread out
    into = io.BytesIO()
    with av.open(into, "w", format="mp4") as film:
        picture = film.add_stream("libx264", rate=FPS, options=_FAST)
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        voice = film.add_stream("aac", rate=_AUDIO_RATE, layout="mono") if sound else None
        _add_pictures(film, picture, label, seconds * FPS, shade)
        if voice is not None:
            _add_sound(film, voice, seconds)
    return into.getvalue()


def _add_pictures(
    film: OutputContainer, stream: VideoStream, label: str, frames: int, shade: int
) -> None:
    """Let the camera go slowly over a scene that is wider than the picture."""
    way = stream.width // 16 * 2
    scene = draw_scene(label, stream.width + way, stream.height, shade / SHADES)
    # converted once, and then cut: a picture for each frame took longer than encoding them
    wide = av.VideoFrame.from_image(scene).reformat(format="yuv420p")  # type: ignore[no-untyped-call]  # PyAV types most
    graph = Graph()
    source = graph.add_buffer(
        width=wide.width, height=wide.height, format=wide.format, time_base=Fraction(1, FPS)
    )
    camera = graph.add("crop", f"{stream.width}:{stream.height}:{way}*n/{frames}:0")
    sink = graph.add("buffersink")
    source.link_to(camera)
    camera.link_to(sink)
    graph.configure()
    for number in range(frames):
        wide.pts = number
        graph.vpush(wide)
        film.mux(stream.encode(graph.vpull()))
    film.mux(stream.encode(None))


def _add_sound(film: OutputContainer, stream: AudioStream, seconds: int) -> None:
    for start, samples in _tone(seconds * _AUDIO_RATE):
        frame = av.AudioFrame(format="flt", layout="mono", samples=_AUDIO_FRAME)
        frame.planes[0].update(samples)
        frame.sample_rate, frame.pts = _AUDIO_RATE, start
        frame.time_base = Fraction(1, _AUDIO_RATE)
        film.mux(stream.encode(frame))
    film.mux(stream.encode(None))


def _tone(samples: int) -> Iterator[tuple[int, bytes]]:
    for start in range(0, samples, _AUDIO_FRAME):
        turn = 2 * math.pi * _TONE_HZ / _AUDIO_RATE
        waves = (0.1 * math.sin(turn * at) for at in range(start, start + _AUDIO_FRAME))
        yield start, struct.pack(f"<{_AUDIO_FRAME}f", *waves)
