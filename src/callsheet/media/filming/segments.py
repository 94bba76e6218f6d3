"""A segment, drawn frame by frame and encoded as H.264: the same bytes each time."""

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import av
import numpy as np
from PIL import Image

from callsheet.drawing.animatic.captions import burn
from callsheet.drawing.animatic.cards import card
from callsheet.drawing.animatic.cues import CaptionCue
from callsheet.drawing.animatic.planes import Planes, blend
from callsheet.drawing.animatic.shot import ShotDrawing, StillMove
from callsheet.media.filming.timeline import Segment, cues_in
from callsheet.ports.film import FilmPlan, starts_of

_THREADS: Final = 2  # fixed: their number changes the bytes
_GOP_S: Final = 1
_PRESETS: Final = {"preview": ("ultrafast", "26"), "export": ("veryfast", "20")}

Source = ShotDrawing | StillMove


def encode_segment(
    plan: FilmPlan,
    segment: Segment,
    size: tuple[int, int],
    quality: str,
    stills: Mapping[str, Path],
    out: Path,
    told: Callable[[int], None] = lambda _frames: None,
) -> None:
    """Draw and encode a segment into a file; `told` hears how many frames are done."""
    preset, crf = _PRESETS[quality]
    rate = plan.fps
    with av.open(out, "w", format="mp4", options={"fflags": "+bitexact"}) as file:
        stream = file.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.thread_count = _THREADS
        stream.options = {
            "preset": preset,
            "crf": crf,
            "bf": "0",  # segments are joined without being encoded again
            "g": str(round(rate * _GOP_S)),
            "flags": "+bitexact",
            "x264-params": f"threads={_THREADS}:sliced-threads=0:scenecut=0:open-gop=0",
        }
        for name, value in (
            ("color_primaries", 1),
            ("color_trc", 1),
            ("colorspace", 1),
            ("color_range", 1),
        ):
            setattr(stream.codec_context, name, value)  # BT.709, limited range
        for number, planes in enumerate(frames_of_segment(plan, segment, size, stills)):
            frame = _video_frame(planes)
            frame.pts, frame.time_base = number, 1 / rate
            file.mux(stream.encode(frame))
            told(number + 1)
        file.mux(stream.encode())


def frames_of_segment(
    plan: FilmPlan, segment: Segment, size: tuple[int, int], stills: Mapping[str, Path]
) -> Iterator[Planes]:
    """Draw every frame of a segment, with its captions."""
    cues = cues_in(plan, segment) if plan.promise.captions else ()
    for number, planes in enumerate(_pictures(plan, segment, size, stills)):
        yield _captioned(planes, cues, segment.start + number)


def _pictures(
    plan: FilmPlan, segment: Segment, size: tuple[int, int], stills: Mapping[str, Path]
) -> Iterator[Planes]:
    if segment.kind != "shot":
        words = plan.title if segment.kind == "title" else plan.end_words or plan.title
        note = "" if segment.kind == "title" else "made with callsheet"
        for number in range(segment.frames):
            yield card(words, note, size, number, segment.frames, float(plan.fps))
        return
    source = _source(plan, segment.id, size, stills)
    before = _source(plan, segment.before, size, stills) if segment.before else None
    starts = starts_of(plan)
    for number in range(segment.frames):
        planes = source.frame(segment.first + number)
        if before is not None and number < segment.overlap:
            earlier = before.frame(segment.start + number - starts[segment.before].start)
            planes = blend(earlier, planes, (number + 1) / (segment.overlap + 1))
        yield planes


def _source(plan: FilmPlan, shot: str, size: tuple[int, int], stills: Mapping[str, Path]) -> Source:
    if shot not in stills:
        return ShotDrawing(plan, shot, size)
    found = next(each for each in plan.shots if each.id == shot)
    picture = Image.open(io.BytesIO(stills[shot].read_bytes()), formats=["PNG", "JPEG", "WEBP"])
    return StillMove(picture, found, size)


def _captioned(planes: Planes, cues: tuple[CaptionCue, ...], at: int) -> Planes:
    for cue in cues:
        if cue.start <= at < cue.start + cue.frames:
            return burn(planes, cue)
    return planes


def _video_frame(planes: Planes) -> av.VideoFrame:
    width = planes.size[0]
    stacked = np.concatenate(
        [planes.y, planes.u.reshape(-1, width), planes.v.reshape(-1, width)], axis=0
    )
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(stacked), format="yuv420p")
