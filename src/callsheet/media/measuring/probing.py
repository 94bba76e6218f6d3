"""Probing a clip or a sound: every packet is demuxed, since headers lie; nothing is decoded."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

import av
import av.error

from callsheet.media.measuring.boxes import Boxes, boxes_of
from callsheet.media.measuring.files import GivenFile, refused
from callsheet.media.measuring.kinds import Kind
from callsheet.ports.measuring import (
    MAX_TRACKS,
    AudioTrack,
    Medium,
    Probe,
    UnreadableMediaError,
    VideoTrack,
)

BUFFER: Final = 1 << 18  # bytes that libav asks for at once
_KEPT_KEYFRAMES: Final = 4_096
_KEPT_DAMAGE: Final = 8
_KEPT_TAGS: Final = 32
_TAG_CHARS: Final = 200
_NAMED_STEPS: Final = 64
_HOLE_S: Final = 0.005  # between packets of sound: less is rounding
_NICE: Final = 60  # a rate of a whole number of frames, or of those / 1.001, up to four times this
_PRIMARIES: Final = {
    1: "bt709",
    5: "bt470bg",
    6: "smpte170m",
    9: "bt2020",
    11: "smpte431",
    12: "p3",
}
_TRANSFERS: Final = {
    1: "bt709",
    4: "gamma22",
    5: "gamma28",
    6: "smpte170m",
    8: "linear",
    13: "srgb",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "pq",
    18: "hlg",
}
_MATRICES: Final = {
    0: "rgb",
    1: "bt709",
    5: "bt470bg",
    6: "smpte170m",
    9: "bt2020nc",
    10: "bt2020c",
    14: "ictcp",
}
_RANGES: Final = {1: "limited", 2: "full"}
_FIELDS_MIXED: Final = frozenset({2, 3, 4, 5})  # AV_FIELD_TT, BB, TB, BT
_UNKNOWN: Final = "unknown"
_THREE_PLANES: Final = 3


def opened(file: GivenFile, kind: Kind) -> Any:
    """Open a file by its own demuxer. Raises UnreadableMediaError."""
    try:
        return av.open(
            file,
            mode="r",
            format=kind.demuxer,
            buffer_size=BUFFER,
            io_open=refused,
            metadata_errors="replace",
        )
    except (av.error.FFmpegError, ValueError, OverflowError, PermissionError) as error:
        raise UnreadableMediaError(f"it is damaged or cut off ({error})") from error


def probe(file: GivenFile, size: int, kind: Kind) -> Probe:
    """Say what a file is. Raises UnreadableMediaError."""
    boxes = boxes_of(file, size) if kind.demuxer == "mov" else Boxes()
    file.seek(0)
    with opened(file, kind) as container:
        if not container.streams.video and not container.streams.audio:
            raise UnreadableMediaError("it has neither pictures nor sound")
        walk = _Walk.through(container)
        video, audio = _video_track(container, walk, boxes), _audio_track(container, walk)
        duration = container.duration
        return Probe(
            medium=Medium.VIDEO if video else Medium.AUDIO,
            media_type=kind.media_type if video else _sound_type(kind),
            container=kind.container,
            brand=kind.brand,
            size=size,
            duration_s=None if duration is None else duration / av.time_base,
            fragmented=boxes.fragmented,
            fast_start=boxes.fast_start,
            streams=tuple(stream.type for stream in container.streams)[:MAX_TRACKS],
            tags=_tags(container),
            damage=tuple(walk.damage[:_KEPT_DAMAGE]),
            video=video,
            audio=audio,
            keyframe_times=tuple(walk.keyframes(video.start_s)) if video else (),
        )


def heard(file: GivenFile, size: int, kind: Kind) -> dict[str, Any]:
    """Say of a sound what is known of it. Raises UnreadableMediaError for what is none, or cut."""
    if kind.medium is Medium.IMAGE:
        raise UnreadableMediaError(f"it is a picture ({kind.media_type})")
    found = probe(file, size, kind)
    if found.video is not None or found.audio is None:
        raise UnreadableMediaError("it has pictures" if found.video else "it has no sound")
    if found.damage or not found.audio.packets:
        raise UnreadableMediaError(next(iter(found.damage), "there is nothing to be heard"))
    return {
        "media_type": found.media_type,
        "duration_s": found.audio.duration_s or found.duration_s or 0.0,
        "sample_rate": found.audio.sample_rate,
        "channels": found.audio.channels,
    }


def first_video(container: Any) -> Any | None:
    """Answer the first track of moving pictures: a cover of an album is none."""
    pictures = av.stream.Disposition.attached_pic
    tracks = [each for each in container.streams.video if not each.disposition & pictures]
    return tracks[0] if tracks else None


def _sound_type(kind: Kind) -> str:
    return {"video/mp4": "audio/mp4", "video/webm": "audio/webm"}.get(
        kind.media_type, kind.media_type
    )


def _tags(container: Any) -> tuple[tuple[str, str], ...]:
    found = list(container.metadata.items())[:_KEPT_TAGS]
    return tuple((name[:_TAG_CHARS], value[:_TAG_CHARS]) for name, value in found)


@dataclass(slots=True)
class _Packets:
    """Packets of one track, counted; times in its own units."""

    count: int = 0
    size: int = 0
    times: list[int] = field(default_factory=list)  # of showing, in order of decoding
    keys: list[int] = field(default_factory=list)
    end: int | None = None
    holes: int = 0
    out_of_order: int = 0
    starts_with_key: bool = False
    _last_decoded: int | None = None

    def add(self, packet: Any) -> None:
        """Count one packet."""
        if not self.count:
            self.starts_with_key = packet.is_keyframe
        self.count += 1
        self.size += packet.size
        if packet.dts is not None:
            if self._last_decoded is not None and packet.dts <= self._last_decoded:
                self.out_of_order += 1
            self._last_decoded = packet.dts
        shown = packet.pts if packet.pts is not None else packet.dts
        if shown is None:
            return
        if self.end is not None and shown > self.end:
            self.holes += shown - self.end
        over = shown + (packet.duration or 0)
        self.end = over if self.end is None else max(self.end, over)
        self.times.append(shown)
        if packet.is_keyframe:
            self.keys.append(shown)


@dataclass(slots=True)
class _Walk:
    """All packets of a file, by track; and what went wrong on the way."""

    tracks: dict[int, _Packets] = field(default_factory=dict)
    damage: list[str] = field(default_factory=list)
    key_base: Fraction = Fraction(1)
    key_times: list[int] = field(default_factory=list)

    @classmethod
    def through(cls, container: Any) -> "_Walk":
        walk = cls()
        corrupt = 0
        try:
            for packet in container.demux():
                if packet.size == 0 and packet.dts is None:
                    continue  # the end of a track
                walk.tracks.setdefault(packet.stream_index, _Packets()).add(packet)
                corrupt += packet.is_corrupt
        except (av.error.FFmpegError, ValueError, OverflowError) as error:
            walk.damage.append(f"reading stopped: {error}")
        if corrupt:
            walk.damage.append(f"{corrupt} packets are marked as damaged")
        return walk

    def keyframes(self, start_s: float) -> list[float]:
        """Answer when decoding can begin, thinned out to a bounded number."""
        step = -(-len(self.key_times) // _KEPT_KEYFRAMES) or 1
        times = sorted(self.key_times)[::step]
        return [max(start_s, float(time * self.key_base)) for time in times]


def _video_track(container: Any, walk: _Walk, boxes: Boxes) -> VideoTrack | None:
    stream = first_video(container)
    if stream is None:
        return None
    codec, base = stream.codec_context, stream.time_base
    if codec is None:
        raise UnreadableMediaError("its pictures are in a form that is not known")
    packets = walk.tracks.get(stream.index, _Packets())
    walk.key_times, walk.key_base = packets.keys, base
    timing = _Timing.of(sorted(packets.times), base)
    sar = codec.sample_aspect_ratio or Fraction(1)
    wide, high = round(codec.width * sar), codec.height
    if boxes.rotation % 180:
        wide, high = high, wide
    start = float(min(packets.times, default=0) * base)
    lasts = float(((packets.end or 0) - min(packets.times, default=0)) * base)
    # where packets do not tell how long they last, the last one lasts as long as the others
    lasts = max(lasts, timing.span_s + timing.usual_s) if packets.times else 0.0
    pixels = codec.format
    return VideoTrack(
        codec=codec.codec.canonical_name,
        profile=codec.profile,
        level=codec.level if codec.level and codec.level > 0 else None,
        width=codec.width,
        height=codec.height,
        sar=sar,
        rotation=boxes.rotation,
        display_width=wide,
        display_height=high,
        pixel_format=pixels.name if pixels else _UNKNOWN,
        subsampling=_subsampling(pixels),
        depth=pixels.components[0].bits if pixels else 0,
        range=_range(codec, pixels),
        primaries=_PRIMARIES.get(codec.color_primaries, _UNKNOWN),
        transfer=_TRANSFERS.get(codec.color_trc, _UNKNOWN),
        matrix=_MATRICES.get(codec.colorspace, _UNKNOWN),
        interlaced=codec.field_order in _FIELDS_MIXED,
        rate=timing.rate,
        average_rate=stream.average_rate,
        variable=timing.variable,
        steps=timing.steps,
        longest_step_s=timing.longest_s,
        frames=packets.count,
        start_s=start,
        duration_s=lasts,
        bits_per_s=packets.size * 8 / lasts if lasts else 0.0,
        keyframes=len(packets.keys),
        starts_with_keyframe=packets.starts_with_key,
        out_of_order=packets.out_of_order,
    )


def _audio_track(container: Any, walk: _Walk) -> AudioTrack | None:
    if not container.streams.audio:
        return None
    stream = container.streams.audio[0]
    codec, base = stream.codec_context, stream.time_base
    if codec is None:
        raise UnreadableMediaError("its sound is in a form that is not known")
    packets = walk.tracks.get(stream.index, _Packets())
    begins = min(packets.times, default=0)
    lasts = float(((packets.end or 0) - begins) * base)
    missing = float(packets.holes * base)
    return AudioTrack(
        codec=codec.codec.canonical_name,
        profile=codec.profile,
        sample_rate=codec.sample_rate,
        channels=codec.channels,
        layout=codec.layout.name,
        packets=packets.count,
        start_s=float(begins * base),
        duration_s=lasts,
        bits_per_s=packets.size * 8 / lasts if lasts else 0.0,
        missing_s=missing if missing > _HOLE_S else 0.0,
        out_of_order=packets.out_of_order,
    )


@dataclass(frozen=True, slots=True)
class _Timing:
    """How frames follow each other."""

    rate: Fraction | None
    variable: bool
    steps: int
    longest_s: float
    usual_s: float
    span_s: float

    @classmethod
    def of(cls, times: list[int], base: Fraction) -> "_Timing":
        """Find the exact rate of times in units of `base`.

        A step may be off by one unit, where a rate cannot be told exactly in such units.
        """
        steps = Counter(after - before for before, after in pairwise(times))
        if not steps:
            return cls(None, variable=False, steps=0, longest_s=0.0, usual_s=0.0, span_s=0.0)
        usual = steps.most_common(1)[0][0]
        near = {step: count for step, count in steps.items() if abs(step - usual) <= 1}
        other = sum(steps.values()) - sum(near.values())
        mean = Fraction(sum(step * count for step, count in near.items()), sum(near.values()))
        span = times[-1] - times[0]
        return cls(
            rate=_nice(1 / (mean * base)) if mean else None,
            variable=other > 0,
            steps=min(_NAMED_STEPS, len(steps) - len(near) + 1),
            longest_s=float(max(steps) * base),
            usual_s=float(mean * base),
            span_s=float(span * base),
        )


def _nice(rate: Fraction) -> Fraction:
    """Answer the rate of television next to one that was measured, if it is next to one.

    Such are whole numbers, and whole numbers times 1000/1001.
    """
    for whole in {round(rate), round(rate * 1001 / 1000)}:
        for known in (Fraction(whole), Fraction(whole * 1000, 1001)):
            if known and abs(rate / known - 1) < Fraction(1, 4_000):
                return known
    return rate.limit_denominator(1_001)


def _subsampling(pixels: Any) -> str:
    """Tell in the words of the trade how much less is known of colour than of light."""
    if pixels is None:
        return _UNKNOWN
    if pixels.is_rgb or "gbr" in pixels.name:
        return "rgb"
    if len(pixels.components) < _THREE_PLANES:
        return "grey"
    across = round(pixels.width / pixels.chroma_width(pixels.width)) if pixels.width else 1
    along = round(pixels.height / pixels.chroma_height(pixels.height)) if pixels.height else 1
    return {
        (2, 2): "4:2:0",
        (2, 1): "4:2:2",
        (1, 1): "4:4:4",
        (4, 1): "4:1:1",
        (1, 2): "4:4:0",
    }.get((across, along), _UNKNOWN)


def _range(codec: Any, pixels: Any) -> str:
    if pixels is not None and pixels.name.startswith("yuvj"):
        return "full"
    return _RANGES.get(codec.color_range, _UNKNOWN)
