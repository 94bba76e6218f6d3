"""Loading what measuring needs, by measuring a clip and a sound that are made for it."""

import io
import math
import os
from collections.abc import Sequence
from typing import Final

import av
import numpy as np
from PIL import Image

from callsheet.media.measuring import clips, pictures, probing
from callsheet.media.measuring.decoding import WHOLE, measure_frames
from callsheet.media.measuring.files import GivenFile
from callsheet.media.measuring.kinds import kind_of
from callsheet.media.measuring.listening import measure_sound
from callsheet.media.measuring.meters import Meter

_SIDE: Final = 64
_FRAMES: Final = 4
_RATE: Final = 8_000


def warm_up(meters: Sequence[type[Meter]]) -> None:
    """Make a small clip in memory, and do everything with it once."""
    content = _clip()
    descriptor = os.memfd_create("warm")
    try:
        os.write(descriptor, content)
        size = len(content)
        kind = kind_of(content)
        probing.probe(GivenFile(size, descriptor), size, kind)
        measure_frames(GivenFile(size, descriptor), kind, WHOLE, meters)
        measure_sound(GivenFile(size, descriptor), kind)
        pictures.shown_clip(GivenFile(size, descriptor), kind, [0.0])
        clips.probe(GivenFile(size, descriptor), size, "video/mp4", _SIDE, partly=False)
    finally:
        os.close(descriptor)
    picture = Image.new("RGBA", (_SIDE, _SIDE), "white")
    picture.putalpha(Image.linear_gradient("L").resize((_SIDE, _SIDE)))
    pictures.still_of(picture)


def _clip() -> bytes:
    out = io.BytesIO()
    with av.open(out, mode="w", format="mov") as container:
        video = container.add_stream("mpeg4", rate=2)
        video.width = video.height = _SIDE
        video.pix_fmt = "yuv420p"
        video.thread_type = "NONE"
        audio = container.add_stream("pcm_s16le", rate=_RATE, layout="stereo")
        for place in range(_FRAMES):
            lines = np.full((_SIDE, _SIDE, 3), 60 * place, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(lines, "rgb24")))
        container.mux(video.encode(None))
        wave = np.sin(np.arange(_RATE * 3) * (2 * math.pi * 440 / _RATE)) * 10_000
        both = np.repeat(wave.astype(np.int16), 2)[None]
        sound = av.AudioFrame.from_ndarray(both, "s16", "stereo")
        sound.sample_rate = _RATE
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return out.getvalue()
