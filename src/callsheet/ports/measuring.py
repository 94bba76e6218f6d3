"""What is measured of a media file, as checks and doors see it. Times are seconds, sizes bytes."""

import os
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, Final, Protocol, Self

from callsheet.kernel.errors import ConflictError, InvalidInputError

MAX_TRACKS: Final = 64


class Medium(StrEnum):
    """What kind of file it is, by what is in it."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"


class UnreadableMediaError(InvalidInputError):
    """The file is no clip, sound or picture that we read: wrong type, damaged, or too large."""

    code: ClassVar[str] = "unreadable_media"

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a usable media file: {reason}")
        self.reason = reason


class FileChangedError(ConflictError):
    """The file was written to while it was read; what was measured is of neither version."""

    code: ClassVar[str] = "file_changed"

    def __init__(self) -> None:
        super().__init__("the file changed while it was read; try again when it is complete")


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """The first video track.

    `width` and `height` are as coded; `display_width` and `display_height` after the shape of a
    pixel (`sar`) and the turning (`rotation`, degrees clockwise). `rate` is the exact rate that
    most steps between frames have; `steps` counts the different steps. `frames` counts packets,
    `bits_per_s` sums them. `level` is ten or thirty times the codec's own (H.264 4.0 is 40), or
    None. `subsampling` is such as "4:2:0", `range` "limited", "full" or "unknown".
    """

    codec: str
    profile: str | None
    level: int | None
    width: int
    height: int
    sar: Fraction
    rotation: int
    display_width: int
    display_height: int
    pixel_format: str
    subsampling: str
    depth: int
    range: str
    primaries: str
    transfer: str
    matrix: str
    interlaced: bool
    rate: Fraction | None
    average_rate: Fraction | None
    variable: bool
    steps: int
    longest_step_s: float
    frames: int
    start_s: float
    duration_s: float
    bits_per_s: float
    keyframes: int
    starts_with_keyframe: bool
    out_of_order: int


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """The first audio track. `missing_s` sums the holes between its packets."""

    codec: str
    profile: str | None
    sample_rate: int
    channels: int
    layout: str
    packets: int
    start_s: float
    duration_s: float
    bits_per_s: float
    missing_s: float
    out_of_order: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file is, by every packet that it holds.

    `container` is "mp4", "mov", "webm", "matroska", "wav", "mp3", "flac", "ogg", "png", "jpeg",
    "webp" or "gif", by its bytes. `duration_s` is what the container says. `fast_start` says
    whether an mp4's index comes before its media; None where that means nothing. `streams` names
    the kind of each stream. `damage` is what went wrong in reading it, in the demuxer's words.
    `keyframe_times` are times at which decoding can begin.
    """

    medium: Medium
    media_type: str
    container: str
    brand: str
    size: int
    duration_s: float | None
    fragmented: bool
    fast_start: bool | None
    streams: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]
    damage: tuple[str, ...]
    video: VideoTrack | None
    audio: AudioTrack | None
    picture: "PictureHeader | None" = None
    keyframe_times: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a picture says of itself; pixels upright. `profile` names its ICC profile, if any."""

    width: int
    height: int
    mode: str
    depth: int
    alpha: bool
    profile: str
    frames: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What was measured of each frame: a time, and a number in each column.

    A number is NaN where a frame was not looked at for that column.
    """

    times: Sequence[float]
    columns: Mapping[str, Sequence[float]]
    errors: int = 0  # frames that the decoder could not make, or made with damage
    first_error_s: float | None = None

    def __len__(self) -> int:
        """Count frames."""
        return len(self.times)

    def __getitem__(self, column: str) -> Sequence[float]:
        """Answer a column. Raises KeyError."""
        return self.columns[column]

    def known(self, column: str) -> Iterator[tuple[float, float]]:
        """Walk the times at which a column has a number, and the number."""
        pairs = zip(self.times, self.columns[column], strict=True)
        return ((time, value) for time, value in pairs if value == value)  # noqa: PLR0124  # NaN

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Put traces of one clip's chunks one behind the other."""
        times = array("d")
        columns = {name: array("f") for name in parts[0].columns}
        for part in parts:
            times.extend(part.times)
            for name, values in part.columns.items():
                columns[name].extend(values)
        first = next((part.first_error_s for part in parts if part.first_error_s is not None), None)
        return cls(times, columns, sum(part.errors for part in parts), first)


@dataclass(frozen=True, slots=True)
class Sound:
    """What was measured of a sound track.

    Loudness is ITU-R BS.1770 as EBU R 128 has it: `loudness` in LUFS, `loudness_range` in LU,
    `momentary` and `short_term` the highest of each; None where there is too little sound.
    `true_peak` in dBTP, `peak` in dBFS of the samples. `levels` is the RMS in dBFS of each
    `window_s` seconds, all channels together. `onsets` are times at which sound sets in after
    quiet. `clipped` are times of runs of samples at full scale. `correlation` of the left with the
    right channel, -1 to 1, None for one channel. `speech` and `music` say how much it is like
    either, 0 to 1. `errors` counts packets that could not be decoded.
    """

    start_s: float
    duration_s: float
    loudness: float | None
    loudness_range: float | None
    momentary: float | None
    short_term: float | None
    true_peak: float | None
    peak: float | None
    window_s: float
    levels: Sequence[float]
    onsets: Sequence[float]
    clipped: Sequence[float]
    clipped_runs: int
    correlation: float | None
    speech: float | None
    music: float | None
    errors: int


@dataclass(frozen=True, slots=True)
class Still:
    """What was measured of a picture; shares are of all pixels, 0 to 1.

    `sharpness` is how much detail is lost by blurring it again, 0 (flat) to 1; `banding` the share
    of ground that changes in steps; `halo` the mean difference of colour between the soft edge of
    what is cut out and its inside, 0 to 1, None without such an edge. `likeness` is a perceptual
    hash (see media.likeness). `lettering` is the share of cells whose texture is like text.
    """

    sharpness: float
    detail: float
    noise: float
    banding: float
    dark: float
    bright: float
    mean: float
    spread: float
    clipped_colour: float
    see_through: float
    soft_edge: float
    halo: float | None
    lettering: float
    likeness: str
    note: str | None = None  # why nothing more could be measured


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured of one file; what it has none of is None."""

    trace: Trace | None = None
    sound: Sound | None = None
    still: Still | None = None
    failures: tuple[str, ...] = ()  # what could not be measured, and why


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that is open for reading, and how it was when it was opened.

    What reads it does so at places that it names, so that any number may read it at once.
    """

    descriptor: int
    size: int
    changed_ns: int = field(compare=False)

    @classmethod
    def of(cls, descriptor: int) -> Self:
        """Take a descriptor; whoever opened it closes it."""
        state = os.fstat(descriptor)
        return cls(descriptor, state.st_size, state.st_mtime_ns)

    def insist_unchanged(self) -> None:
        """Raise FileChangedError if it was written to since."""
        if self.of(self.descriptor) != self or self._changed():
            raise FileChangedError

    def _changed(self) -> bool:
        return os.fstat(self.descriptor).st_mtime_ns != self.changed_ns


class Inspector(Protocol):
    """Measures untrusted media files in locked-down processes."""

    async def probe(self, file: OpenFile) -> Probe:
        """Say what a file is. Raises UnreadableMediaError, FileChangedError."""

    async def measure(self, file: OpenFile, probe: Probe) -> Measured:
        """Decode it whole and measure it. Raises FileChangedError."""

    async def stills(self, file: OpenFile, probe: Probe, times: Sequence[float]) -> Sequence[bytes]:
        """Show it at some times: JPEG each, empty where there is nothing to show."""
