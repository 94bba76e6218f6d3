"""Decoding a sound track and measuring it: loudness by libav's R 128, the rest from its samples."""

import math
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from callsheet.media.measuring.files import GivenFile
from callsheet.media.measuring.hearing import music_in, speech_in
from callsheet.media.measuring.kinds import Kind
from callsheet.media.measuring.probing import opened
from callsheet.ports.measuring import Sound, UnreadableMediaError

Samples = NDArray[np.float32]

WINDOW_S: Final = 0.010
FINE_S: Final = 0.001
_FLOOR_DB: Final = -120.0
_FULL: Final = 0.9999  # of full scale: PCM's greatest numbers, and what a codec makes of them
_RUN: Final = 3  # samples at full scale, one behind the other
_KEPT_RUNS: Final = 1_000
_QUIET: Final = 0.01  # -40 dBFS: what is below is quiet before an onset
_LOUD: Final = 0.05
_QUIET_MS: Final = 80  # before an onset
_KEPT_ONSETS: Final = 4_096
_STEREO: Final = 2
_GATED: Final = -70.0  # LUFS: what R 128 does not count
_R128: Final = "metadata=1:peak=true+sample"


def measure_sound(file: GivenFile, kind: Kind) -> Sound:
    """Decode the first sound track and measure it. Raises UnreadableMediaError."""
    with opened(file, kind) as container:
        if not container.streams.audio or container.streams.audio[0].codec_context is None:
            raise UnreadableMediaError("it has no sound that can be decoded")
        stream = container.streams.audio[0]
        stream.codec_context.thread_count = 1
        track = _Track(stream.sample_rate, stream.channels)
        meter = _Loudness(stream)
        decoded = _Decoded(container, stream)
        for frame, samples in decoded:
            track.add(frame.time or 0.0, samples)
            meter.add(frame)
        return track.measured(meter.read(), decoded.errors)


@dataclass(slots=True)
class _Decoded:
    """Frames of sound as floating point, and how many packets were none."""

    container: Any
    stream: Any
    errors: int = 0

    def __iter__(self) -> Iterator[tuple[Any, Samples]]:
        layout, rate = self.stream.layout, self.stream.sample_rate
        convert = av.AudioResampler(format="fltp", layout=layout, rate=rate)
        for packet in self._packets():
            try:
                frames = packet.decode()
            except av.error.EOFError:
                continue
            except (av.error.FFmpegError, ValueError):
                self.errors += 1
                continue
            for frame in frames:
                if frame.sample_rate != rate or frame.layout.name != layout.name:
                    self.errors += 1  # one that changes in the middle is played by nobody
                    continue
                for plain in convert.resample(frame):
                    yield plain, plain.to_ndarray().astype(np.float32, copy=False)

    def _packets(self) -> Iterator[Any]:
        try:
            yield from self.container.demux(self.stream)
        except (av.error.FFmpegError, ValueError, OverflowError):
            self.errors += 1


class _Loudness:
    """EBU R 128 and true peak (ITU-R BS.1770-4), read from what the filter adds to its frames."""

    def __init__(self, stream: Any) -> None:
        self._channels = stream.channels
        self._graph = av.filter.Graph()
        self._graph.threads = 1
        source = self._graph.add_abuffer(
            sample_rate=stream.sample_rate,
            format="fltp",
            layout=stream.layout.name,
            time_base=stream.time_base,
        )
        filtered = self._graph.add("ebur128", _R128)
        source.link_to(filtered)
        filtered.link_to(self._graph.add("abuffersink"))
        self._graph.configure()
        self._highest = {"M": -math.inf, "S": -math.inf}
        self._last: dict[str, float] = {}

    def add(self, frame: Any) -> None:
        """Take in a frame."""
        frame.pts = None  # holes in a track are no silence
        self._graph.push(frame)
        self._pull()

    def read(self) -> Mapping[str, float]:
        """Answer what was found; what is missing had too little sound."""
        self._graph.push(None)
        self._pull()
        peaks = {}
        for name in ("true_peak", "sample_peak"):
            found = [self._last.get(f"{name}s_ch{n}", 0.0) for n in range(self._channels)]
            peaks[name] = _decibels(max(found, default=0.0))
        return {**self._last, **self._highest, **peaks}

    def _pull(self) -> None:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            for name, value in frame.metadata.items():
                self._last[name.removeprefix("lavfi.r128.")] = float(value)
            for name, highest in self._highest.items():
                self._highest[name] = max(highest, self._last.get(name, -math.inf))


@dataclass(slots=True)
class _Track:
    """Samples that went by, boiled down."""

    rate: int
    channels: int
    start: float | None = None
    seen: int = 0
    runs: int = 0
    clipped: "array[float]" = field(default_factory=lambda: array("d"))
    products: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    energies: list[Samples] = field(default_factory=list)
    peaks: list[Samples] = field(default_factory=list)
    mono: list[Samples] = field(default_factory=list)
    left: Samples | None = None
    full_before: int = 0

    def add(self, time: float, samples: Samples) -> None:
        """Take in channels of samples."""
        if self.start is None:
            self.start = time
        self._look_for_clipping(samples)
        if self.channels >= _STEREO:
            one, other = samples[0], samples[1]
            self.products += (float(one @ one), float(other @ other), float(one @ other))
        self.seen += samples.shape[1]
        self._boil_down(samples)

    def _look_for_clipping(self, samples: Samples) -> None:
        full = (np.abs(samples) >= _FULL).any(axis=0)
        if not full.any():
            return
        edges = np.flatnonzero(np.diff(np.concatenate(([0], full.view(np.int8), [0]))))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            if end - begin >= _RUN:
                self.runs += 1
                if len(self.clipped) < _KEPT_RUNS:
                    self.clipped.append((self.start or 0.0) + (self.seen + int(begin)) / self.rate)

    def _boil_down(self, samples: Samples) -> None:
        """Keep energies of `WINDOW_S`, peaks of `FINE_S`, and a thin mono for what it is like."""
        if self.left is not None:
            samples = np.concatenate((self.left, samples), axis=1)
        window = max(1, round(self.rate * WINDOW_S))
        fine = max(1, round(self.rate * FINE_S))
        whole = samples.shape[1] // window * window
        self.left = samples[:, whole:].copy()
        if not whole:
            return
        used = samples[:, :whole]
        by_window = used.reshape(self.channels, -1, window)
        self.energies.append(np.square(by_window).mean(axis=(0, 2)))
        loudest = np.abs(used).max(axis=0)
        in_fine = whole // fine * fine
        self.peaks.append(loudest[:in_fine].reshape(-1, fine).max(axis=1))
        self.mono.append(used.mean(axis=0)[:: max(1, self.rate // 8_000)])

    def measured(self, loudness: Mapping[str, float], errors: int) -> Sound:
        """Tell all that was found."""
        energies = np.concatenate(self.energies) if self.energies else np.zeros(0, np.float32)
        levels = 10 * np.log10(np.maximum(energies, 10 ** (_FLOOR_DB / 10)))
        start = self.start or 0.0
        mono = np.concatenate(self.mono) if self.mono else np.zeros(0, np.float32)
        thin = self.rate / max(1, self.rate // 8_000)
        return Sound(
            start_s=start,
            duration_s=self.seen / self.rate,
            loudness=_counted(loudness.get("I")),
            loudness_range=loudness.get("LRA"),
            momentary=_counted(loudness.get("M")),
            short_term=_counted(loudness.get("S")),
            true_peak=_finite(loudness.get("true_peak")),
            peak=_finite(loudness.get("sample_peak")),
            window_s=max(1, round(self.rate * WINDOW_S)) / self.rate,
            levels=array("f", levels.astype(np.float32).tobytes()),
            onsets=self._onsets(start),
            clipped=self.clipped,
            clipped_runs=self.runs,
            correlation=self._correlation(),
            speech=speech_in(levels),
            music=music_in(mono, thin),
            errors=errors,
        )

    def _onsets(self, start: float) -> "array[float]":
        """Find where sound sets in after quiet, to the millisecond."""
        peaks = np.concatenate(self.peaks) if self.peaks else np.zeros(0, np.float32)
        fine = max(1, round(self.rate * FINE_S)) / self.rate
        loud = np.flatnonzero(peaks >= _LOUD)
        noisy = np.concatenate(([0], np.cumsum(peaks >= _QUIET)))
        found = array("d")
        for place in loud[np.diff(loud, prepend=-_QUIET_MS) > 1]:
            rise = place
            while rise > 0 and peaks[rise - 1] >= _QUIET and place - rise < _QUIET_MS // 8:
                rise -= 1
            if rise >= _QUIET_MS and noisy[rise] == noisy[rise - _QUIET_MS]:
                found.append(start + rise * fine)
            if len(found) >= _KEPT_ONSETS:
                break
        return found

    def _correlation(self) -> float | None:
        if self.channels < _STEREO or not self.products[:2].all():
            return None
        one, other, both = self.products
        return float(both / math.sqrt(one * other))


def _decibels(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _counted(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) and value > _GATED else None
