"""Samples as WAV files: 24 bit, nothing in them but the sound, the same bytes each time."""

import io
import wave

import numpy as np

from callsheet.sound.signals import RATE, Samples

_FULL = 2**23 - 1


def wav_bytes(samples: Samples) -> bytes:
    """Write samples as WAV of 24 bit at 48 kHz; what is beyond full scale is clipped."""
    whole = np.round(np.clip(samples, -1.0, 1.0) * _FULL).astype("<i4")
    pcm = whole.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(3)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return out.getvalue()


def samples_of(content: bytes) -> Samples:
    """Read a WAV that `wav_bytes` wrote. Raises wave.Error for anything else."""
    with wave.open(io.BytesIO(content)) as file:
        if file.getsampwidth() != 3 or file.getframerate() != RATE:  # noqa: PLR2004  # 24 bit
            raise wave.Error("not a WAV of 24 bit at 48 kHz")
        channels = file.getnchannels()
        raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8).reshape(-1, 3)
    padded = np.zeros((len(raw), 4), np.uint8)
    padded[:, 1:] = raw
    samples = (padded.view("<i4").ravel() / np.float64(2**31)).astype(np.float32)
    return samples if channels == 1 else samples.reshape(-1, channels)
