"""Loudness and true peak, as ITU-R BS.1770-5 and EBU R 128 measure them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from callsheet.sound.signals import RATE, Samples, frequencies

_BLOCK_S, _STEP_S = 0.4, 0.1
_ABSOLUTE, _RELATIVE = -70.0, -10.0
SILENT: Final = -120.0
# BS.1770-5, annex 1, tables 1 and 2, for 48 kHz: a shelf for the head, then a high pass.
_SHELF: Final = (
    (1.53512485958697, -2.69169618940638, 1.19839281085285),
    (1.0, -1.69065929318241, 0.73248077421585),
)
_HIGH_PASS: Final = ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))


def loudness_of(samples: Samples) -> float:
    """Measure integrated loudness in LUFS, gated; -120 where nothing is heard."""
    wide = samples[:, None] if samples.ndim == 1 else samples
    powers = sum(_block_powers(wide[:, channel]) for channel in range(wide.shape[1]))
    if isinstance(powers, int) or not len(powers):
        return SILENT
    with np.errstate(divide="ignore"):
        levels = -0.691 + 10 * np.log10(powers)
    heard = powers[levels > _ABSOLUTE]
    if not len(heard):
        return SILENT
    gate = -0.691 + 10 * np.log10(np.mean(heard)) + _RELATIVE
    kept = powers[(levels > _ABSOLUTE) & (levels > gate)]
    return float(-0.691 + 10 * np.log10(np.mean(kept)))


def _block_powers(channel: Samples) -> NDArray[np.float64]:
    """Measure the mean square of blocks of 400 ms, each 100 ms after the one before."""
    padded = np.concatenate([channel, np.zeros(RATE, np.float32)])
    response = _response(_SHELF, len(padded)) * _response(_HIGH_PASS, len(padded))
    weighted = np.fft.irfft(np.fft.rfft(padded) * response, len(padded))[: len(channel)]
    sums = np.concatenate([[0.0], np.cumsum(weighted.astype(np.float64) ** 2)])
    block, step = round(_BLOCK_S * RATE), round(_STEP_S * RATE)
    starts = np.arange(0, len(channel) - block + 1, step)
    found: NDArray[np.float64] = (sums[starts + block] - sums[starts]) / block
    return found


def _response(
    filter_: tuple[tuple[float, ...], tuple[float, ...]], count: int
) -> NDArray[np.complex128]:
    above, below = filter_
    z = np.exp(-2j * np.pi * frequencies(count) / RATE)
    return np.asarray(np.polyval(above[::-1], z) / np.polyval(below[::-1], z), np.complex128)


def true_peak_of(samples: Samples) -> float:
    """Measure the true peak in dBTP: of the signal at four times its rate (BS.1770-5, annex 2)."""
    wide = samples[:, None] if samples.ndim == 1 else samples
    peak = 0.0
    taps = np.arange(-24, 24)
    window = np.hanning(50)[1:-1]
    for channel in range(wide.shape[1]):
        signal = wide[:, channel]
        peak = max(peak, float(np.max(np.abs(signal), initial=0.0)))
        for part in (0.25, 0.5, 0.75):
            kernel = np.sinc(taps + part) * window
            between = np.convolve(signal, kernel, "same")
            peak = max(peak, float(np.max(np.abs(between), initial=0.0)))
    return 20 * float(np.log10(peak)) if peak > 0 else SILENT
