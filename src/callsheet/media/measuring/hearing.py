"""What sound is like: speech or music, without a model, and so with doubt.

Speech comes in syllables, some four a second: its level moves at 2 to 8 Hz. Music holds tones: the
same few frequencies stand out of the spectrum for several tenths of a second. Both are measured
here as shares of 0 to 1; what they mean is for a check to say, and it only warns.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PER_S: Final = 100  # levels
_STRETCH: Final = 200  # levels that are looked at together
_AUDIBLE_DB: Final = -50.0
_SYLLABLES_HZ: Final = (2.0, 8.0)
_SLOWEST_HZ: Final = 0.5
_SWING_DB: Final = 6.0
_FRAME: Final = 1_024
_FRAMES_PER_S: Final = 20
_PEAKS: Final = 5
_OUT: Final = 20.0  # how far a tone stands out of what is around it, in power
_FAINT: Final = 1e-7
_LOW_HZ: Final = 80.0


def speech_in(levels: NDArray[Any]) -> float | None:
    """Share of what is audible whose level moves as syllables do; None for too little sound."""
    found, audible = 0, 0
    hertz = np.fft.rfftfreq(_STRETCH, 1 / _PER_S)
    voiced = (hertz >= _SYLLABLES_HZ[0]) & (hertz <= _SYLLABLES_HZ[1])
    counted = hertz >= _SLOWEST_HZ
    for start in range(0, len(levels) - _STRETCH + 1, _STRETCH // 2):
        stretch = np.maximum(levels[start : start + _STRETCH], _AUDIBLE_DB - 10)
        if stretch.max() < _AUDIBLE_DB:
            continue
        audible += 1
        power = np.square(np.abs(np.fft.rfft((stretch - stretch.mean()) * np.hanning(_STRETCH))))
        share = power[voiced].sum() / max(power[counted].sum(), 1e-9)
        found += bool(share > 0.5 and stretch.std() > _SWING_DB)  # noqa: PLR2004  # more than half
    return found / audible if audible else None


def music_in(mono: NDArray[Any], rate: float) -> float | None:
    """Share of audible moments in which the same tones stand out as just before; None if none."""
    hop = max(1, round(rate / _FRAMES_PER_S))
    lowest = int(_LOW_HZ * _FRAME / rate)
    held, audible = 0, 0
    before: frozenset[int] = frozenset()
    window = np.hanning(_FRAME)
    for start in range(0, len(mono) - _FRAME + 1, hop):
        power = np.square(np.abs(np.fft.rfft(mono[start : start + _FRAME] * window)))
        power[:lowest] = 0
        if power.sum() / _FRAME < _FAINT:
            before = frozenset()
            continue
        audible += 1
        tones = _tones(power)
        held += len(tones & before) >= 2  # noqa: PLR2004  # one tone is a beep, two a chord
        before = tones | {tone + 1 for tone in tones} | {tone - 1 for tone in tones}
    return held / audible if audible else None


def _tones(power: NDArray[Any]) -> frozenset[int]:
    """Answer the places of the strongest tones, if they stand out."""
    ground = np.convolve(power, np.ones(41) / 41, "same") + 1e-12
    inner = power[1:-1]
    tops = np.flatnonzero((inner > power[:-2]) & (inner >= power[2:])) + 1
    strong = tops[(power[tops] > 3 * ground[tops]) & (power[tops] > power.max() / (_OUT * 5))]
    best = strong[np.argsort(power[strong])[-_PEAKS:]]
    return frozenset(int(each) for each in best)
