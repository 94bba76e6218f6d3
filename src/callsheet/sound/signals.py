"""What every sound here stands on: rates, fades, filters, noise."""

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 48_000
Samples = NDArray[np.float32]


def dice_of(*names: object) -> np.random.Generator:
    """Make a generator whose numbers depend on some names alone."""
    return np.random.default_rng(zlib.crc32(":".join(map(str, names)).encode()))


def faded(samples: Samples, seconds: float = 0.02) -> Samples:
    """Fade in and out by a raised cosine, so that nothing clicks."""
    count = min(len(samples) // 2, round(seconds * RATE))
    if count == 0:
        return samples
    ramp = (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, count))).astype(np.float32)
    out = samples.copy()
    shape = ramp[:, None] if samples.ndim == 2 else ramp  # noqa: PLR2004  # two channels
    out[:count] *= shape
    out[-count:] *= shape[::-1]
    return out


def shaped(samples: Samples, response: NDArray[np.float64]) -> Samples:
    """Filter by a response over the frequencies of `rfft`; the ends do not run into each other."""
    return np.fft.irfft(np.fft.rfft(samples) * response, len(samples)).astype(np.float32)


def frequencies(count: int) -> NDArray[np.float64]:
    """List the frequencies of `rfft` over so many samples, in hertz."""
    found: NDArray[np.float64] = np.fft.rfftfreq(count, 1 / RATE).astype(np.float64)
    return found


def band_noise(count: int, low: float, high: float, dice: np.random.Generator) -> Samples:
    """Make noise between two frequencies (-12 dB an octave outside), of about unit level."""
    if count == 0:
        return np.zeros(0, np.float32)
    at = np.maximum(frequencies(count), 1.0)
    response = 1 / np.sqrt((1 + (low / at) ** 4) * (1 + (at / high) ** 4))
    noise = shaped(dice.standard_normal(count).astype(np.float32), response)
    return noise / np.float32(np.sqrt(np.mean(noise**2)) + 1e-9)


def slow_wave(count: int, seconds: float, dice: np.random.Generator) -> Samples:
    """Make a curve between 0 and 1 that wanders, with so many seconds between its turns."""
    points = max(2, round(count / RATE / seconds) + 2)
    values = dice.random(points)
    return np.interp(np.linspace(0, points - 1, count), np.arange(points), values).astype(
        np.float32
    )


def add_at(into: Samples, samples: Samples, at: int) -> None:
    """Add samples from a place on; what would lie outside is left out."""
    start = max(0, at)
    end = min(len(into), at + len(samples))
    if start < end:
        into[start:end] += samples[start - at : end - at]
