"""The mix: voice over music and effects, at the loudness that was asked for.

Music and effects are turned down under speech by a curve that is computed from when somebody
speaks; outside of it they keep every bit. One gain brings the whole to its loudness, and a limiter
keeps its true peak.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from callsheet.ports.film import FilmPlan, frames_of, starts_of
from callsheet.sound.loudness import SILENT, loudness_of, true_peak_of
from callsheet.sound.signals import RATE, Samples, add_at

LOUDNESS: Final = -16.0  # LUFS, as the web plays it; broadcast is at -23 (EBU R 128)
TRUE_PEAK: Final = -1.0  # dBTP
_DUCKED: Final = 10 ** (-12 / 20)
_RAMP_S, _AHEAD_S = 0.25, 0.12
_STEP: Final = RATE // 1_000  # the limiter looks at milliseconds
_HOLD: Final = 6  # of these
_SPARE_DB: Final = 0.2  # below the ceiling, for what lies between samples


@dataclass(frozen=True, slots=True)
class Mix:
    """A film's sound, each (count, 2): the master, and the stems that it is the sum of.

    The stems are as they are in the master, before its limiter. `loudness` is in LUFS,
    `true_peak` in dBTP.
    """

    master: Samples
    voice: Samples
    music: Samples
    effects: Samples
    loudness: float
    true_peak: float


def mix(
    plan: FilmPlan,
    speeches: Mapping[tuple[str, int], Samples],
    music: Samples,
    effects: Samples,
    *,
    loudness: float = LOUDNESS,
) -> Mix:
    """Mix a film. `speeches` are lines by shot and place, `music` and `effects` of the whole."""
    count = round(frames_of(plan) / plan.fps * RATE)
    voice, spans = _voice(plan, speeches, count)
    ducked = duck_curve(spans, count)[:, None]
    stems = [voice, music[:count] * ducked, effects[:count] * ducked]
    whole: Samples = np.sum(stems, axis=0, dtype=np.float32)
    gain = _gain_to(loudness, loudness_of(whole))
    master = limited(whole * gain)
    after = loudness_of(master)
    if after > SILENT and abs(after - loudness) > 0.1:  # noqa: PLR2004  # LU; corrected once
        gain *= _gain_to(loudness, after)
        master = limited(whole * gain)
    return Mix(
        master,
        voice=stems[0] * gain,
        music=stems[1] * gain,
        effects=stems[2] * gain,
        loudness=loudness_of(master),
        true_peak=true_peak_of(master),
    )


def _voice(
    plan: FilmPlan, speeches: Mapping[tuple[str, int], Samples], count: int
) -> tuple[Samples, list[tuple[int, int]]]:
    voice = np.zeros((count, 2), np.float32)
    spans: list[tuple[int, int]] = []
    starts = starts_of(plan)
    for shot in plan.shots:
        for place, line in enumerate(shot.lines):
            said = speeches.get((shot.id, place))
            if said is None:
                continue
            at = round((starts[shot.id].start + line.start) / plan.fps * RATE)
            add_at(voice, np.stack([said, said], axis=1), at)
            spans.append((at, at + len(said)))
    return voice, spans


def duck_curve(spans: Iterable[tuple[int, int]], count: int) -> Samples:
    """Tell by how much everything else is turned down: 1 but around spans of speech.

    It is down by 12 dB when somebody speaks, 120 ms before they do, by a raised cosine of 250 ms.
    """
    ramp, ahead = round(_RAMP_S * RATE), round(_AHEAD_S * RATE)
    speaks = np.zeros(count + 1, np.int32)
    for start, end in spans:
        speaks[max(0, min(count, start - ahead))] += 1
        speaks[max(0, min(count, end))] -= 1
    on = np.flatnonzero(
        np.diff(np.concatenate([[0], (np.cumsum(speaks[:-1]) > 0).astype(int), [0]]))
    )
    curve = np.ones(count, np.float32)
    down = (_DUCKED + (1 - _DUCKED) * (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, ramp)))).astype(
        np.float32
    )
    for start, end in zip(on[::2], on[1::2], strict=True):
        curve[start:end] = np.float32(_DUCKED)
        before = curve[max(0, start - ramp) : start]
        np.minimum(before, down[ramp - len(before) :], out=before)
        after = curve[end : end + ramp]
        np.minimum(after, down[::-1][: len(after)], out=after)
    return curve


def _gain_to(wanted: float, measured: float) -> np.float32:
    return np.float32(1.0 if measured <= SILENT else 10 ** ((wanted - measured) / 20))


def limited(samples: Samples) -> Samples:
    """Keep the true peak below -1 dBTP, by turning down around what is too loud."""
    ceiling = 10 ** ((TRUE_PEAK - _SPARE_DB) / 20)
    peaks = np.max(np.abs(samples), axis=1)
    blocks = -(-len(peaks) // _STEP)
    padded = np.zeros(blocks * _STEP, np.float32)
    padded[: len(peaks)] = peaks
    by_block = padded.reshape(blocks, _STEP).max(axis=1)
    if by_block.max(initial=0.0) <= ceiling:
        return samples
    needed = np.minimum(1.0, ceiling / np.maximum(by_block, 1e-9))
    wide = np.pad(needed, _HOLD, mode="edge")
    held = np.min(np.lib.stride_tricks.sliding_window_view(wide, 2 * _HOLD + 1), axis=1)
    window = np.hanning(_HOLD + 3)[1:-1]
    smooth = np.convolve(
        np.pad(held, len(window) // 2, mode="edge"), window / window.sum(), "valid"
    )
    at = np.arange(len(samples)) / _STEP - 0.5
    gain = np.interp(at, np.arange(len(smooth)), smooth).astype(np.float32)
    out: Samples = samples * gain[:, None]
    peak = true_peak_of(out)
    return out * np.float32(10 ** ((TRUE_PEAK - peak) / 20)) if peak > TRUE_PEAK else out
