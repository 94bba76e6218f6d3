"""Clips and sounds for tests, made with PyAV: footage that moves as a camera does, and its ruin."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from tests.media.samples import painted

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]
SIZE = (640, 360)
RATE = 48_000
VARIABLE = 12_800  # a rate for clips whose frames have times of their own


@cache
def ground(seed: int, size: tuple[int, int] = (1600, 1000)) -> Pixels:
    """Paint a large ground with fine texture, for a camera to pan over."""
    shapes = painted(seed, size).filter(ImageFilter.GaussianBlur(1.0))
    chance = np.random.default_rng(seed)
    rough = (chance.normal(0, 10, (size[1], size[0])) + 128).clip(0, 255).astype(np.uint8)
    grain = np.asarray(Image.fromarray(rough).filter(ImageFilter.BoxBlur(0.6))) - np.float32(128)
    lit = np.linspace(0.6, 1.0, size[0], dtype=np.float32)[None, :, None]
    pixels = (np.asarray(shapes).astype(np.float32) * 0.7 + 40) * lit + grain[..., None]
    return pixels.clip(20, 230).astype(np.uint8)


def footage(
    frames: int, seed: int = 1, size: tuple[int, int] = SIZE, speed: float = 3.0
) -> Iterator[Pixels]:
    """Pan over a ground, at a speed in pixels a frame that swells and ebbs; sensor noise on top."""
    width, height = size
    wide = ground(seed, (width * 2 + 320, height * 2 + 200))
    chance = np.random.default_rng(seed)
    place = 0.0
    room = wide.shape[1] - width - 8
    for number in range(frames):
        place += speed * (1 + 0.3 * math.sin(number / 9))
        left = round(abs((place + room) % (2 * room) - room))
        top = round((height / 2) * (1 + math.sin(number / 60)))
        noise = chance.integers(-3, 4, (height, width, 1))
        cut = wide[top : top + height, left : left + width].astype(np.int16) + noise
        yield cut.clip(0, 255).astype(np.uint8)


def tone(
    seconds: float, hertz: float = 440.0, level_db: float = -20.0, rate: int = RATE
) -> Samples:
    """Make a sine in stereo whose peaks reach `level_db` dBFS."""
    wave = np.sin(np.arange(round(seconds * RATE)) * (2 * math.pi * hertz / RATE))
    both = np.stack((wave, wave)) * 10 ** (level_db / 20)
    return both.astype(np.float32)


def atmosphere(seconds: float, seed: int = 1, level: float = 0.12) -> Samples:
    """Make a soft rustle in stereo, some -20 LUFS loud."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(0, level, (2, round(seconds * RATE))).astype(np.float32)
    both = noise + noise.mean(axis=0)
    made: Samples = (both / 2).clip(-0.7, 0.7).astype(np.float32)
    return made


def write_film(
    path: Path,
    frames: Iterable[Pixels],
    *,
    rate: Fraction | int = 25,
    kind: str = "mp4",
    sound: Samples | None = None,
    sound_codec: str = "aac",
    sound_starts_s: float = 0.0,
    times: Callable[[int], int] | None = None,
    muxing: dict[str, str] | None = None,
    **encoding: Any,
) -> None:
    """Write a clip; `times` gives each frame's time in 1/12800 s. For `encoding` see `_encoder`."""
    with av.open(str(path), "w", format=kind, options=muxing or {}) as container:
        left = iter(frames)
        first = next(left, None)
        stream = None if first is None else _encoder(container, first, rate, **encoding)
        held = []
        if sound is not None:
            layout = "mono" if sound.shape[0] == 1 else "stereo"
            voice = container.add_stream(sound_codec, rate=RATE, layout=layout)
            held = _sound_packets(voice, sound, sound_starts_s)
        if stream is not None and first is not None:
            for number, lines in enumerate(chain([first], left)):
                frame = av.VideoFrame.from_ndarray(lines, "rgb24")
                frame.pts, frame.time_base = number, 1 / Fraction(rate)
                if times is not None:
                    frame.pts, frame.time_base = times(number), Fraction(1, 12_800)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        for packet in held:
            container.mux(packet)


def _encoder(
    container: Any,
    lines: Pixels,
    rate: Fraction | int,
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    sar: Fraction | None = None,
    options: dict[str, str] | None = None,
    setup: Callable[[Any], None] | None = None,
) -> Any:
    """Add a track of pictures; `setup` is handed its encoder."""
    stream = container.add_stream(codec, rate=rate)
    stream.height, stream.width = lines.shape[:2]
    stream.pix_fmt = pixels
    stream.options = _encoding(codec) if options is None else options
    stream.codec_context.time_base = Fraction(1, 12_800) if rate == VARIABLE else 1 / Fraction(rate)
    if sar is not None:
        stream.codec_context.sample_aspect_ratio = sar
    if setup is not None:
        setup(stream.codec_context)
    return stream


def _encoding(codec: str) -> dict[str, str]:
    return {
        "libx264": {"preset": "veryfast", "crf": "20"},
        "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
        "libsvtav1": {"preset": "12", "svtav1-params": "lp=1"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
        "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    }.get(codec, {})


def _sound_packets(voice: Any, sound: Samples, starts_s: float) -> list[Any]:
    packets, at = [], 0
    size = voice.codec_context.frame_size or 1024
    convert = av.AudioResampler(format=voice.format, layout=voice.layout, rate=RATE)
    while at < sound.shape[1]:
        part = np.ascontiguousarray(sound[:, at : at + size])
        frame = av.AudioFrame.from_ndarray(part, "fltp", voice.layout.name)
        frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
        frame.pts = at + round(starts_s * RATE)
        for plain in convert.resample(frame):
            packets += voice.encode(plain)
        at += size
    return [*packets, *voice.encode(None)]


def write_sound(path: Path, sound: Samples, *, kind: str = "wav", codec: str = "pcm_s24le") -> None:
    """Write a sound file."""
    write_film(path, [], kind=kind, sound=sound, sound_codec=codec)


def film(frames: Iterable[Pixels], **how: Any) -> bytes:
    """Make a clip and answer its bytes."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        write_film(path, frames, **how)
        return path.read_bytes()


def turned(content: bytes, degrees: int) -> bytes:
    """Turn an mp4 by the matrix of its first track header."""
    place = content.index(b"tkhd") + 4
    matrix = place + (52 if content[place] == 1 else 40)
    across = {90: (0, 65536, -65536, 0), 180: (-65536, 0, 0, -65536), 270: (0, -65536, 65536, 0)}
    a, b, c, d = across[degrees]
    words = [a, b, 0, c, d, 0, 0, 0, 0x4000_0000]
    spelled = b"".join(word.to_bytes(4, "big", signed=True) for word in words)
    return content[:matrix] + spelled + content[matrix + 36 :]


def with_each(
    frames: Iterable[Pixels], change: Callable[[int, Pixels], Pixels]
) -> Iterator[Pixels]:
    """Change frames by their number."""
    for number, lines in enumerate(frames):
        yield change(number, lines)


def repeated(frames: Sequence[Pixels], places: Iterable[int]) -> Iterator[Pixels]:
    """Show frames in another order."""
    for place in places:
        yield frames[place]
