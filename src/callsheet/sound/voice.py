"""A voice that needs nobody: English by a small model in its wheel, others by eSpeak NG.

Where neither can say it, a tone in the rhythm of the words stands for them, and is labelled so.
"""

import io
import re
import shutil
import subprocess
import wave
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from callsheet.sound.signals import RATE, Samples, dice_of, faded

if TYPE_CHECKING:
    from hibari import Hibari

MOST_CHARS: Final = 2_000
_MODEL_RATE: Final = 24_000
_PROGRAM: Final = "espeak-ng"
_PROGRAM_S: Final = 30.0
_LOUDNESS: Final = 0.1  # root mean square of every voice
_SYLLABLE_S: Final = 0.19


@dataclass(frozen=True, slots=True)
class Speech:
    """Words as samples, 48 kHz, one channel; `voice` names what said them.

    `label` says for people what they hear: a stand-in is told as one.
    """

    samples: Samples
    voice: str
    label: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / RATE


def speak(text: str, language: str, seed: int = 0) -> Speech:
    """Say a text of at most 2,000 characters; the same text and seed give the same samples."""
    text = text[:MOST_CHARS]
    if language.split("-", maxsplit=1)[0] == "en":
        said = _by_model(text, seed)
        if len(said):
            return Speech(_levelled(said), "hibari/heart", "local voice")
    by_program = _by_program(text, language)
    if by_program is not None:
        return Speech(_levelled(by_program), f"espeak-ng/{language}", "local voice, synthetic")
    label = f"a tone in place of a voice: no local voice speaks {language!r}"
    return Speech(_levelled(_murmured(text, seed)), "tone", label)


@lru_cache(maxsize=1)
def _model() -> "Hibari":
    from hibari import Hibari  # noqa: PLC0415  # heavy: not before something is said

    return Hibari(threads=1)


def _by_model(text: str, seed: int) -> Samples:
    said: Samples = np.asarray(_model()(text, seed=seed), np.float32)
    return _doubled(said)


def _doubled(samples: Samples) -> Samples:
    """Bring 24 kHz to 48 kHz: zeros between, then everything above 11.5 kHz left out."""
    if not len(samples):
        return samples
    wide = np.zeros(len(samples) * 2, np.float32)
    wide[::2] = samples * 2
    taps = np.arange(-48, 49)
    kernel = np.sinc(taps / 2 * 0.96) * np.hanning(len(taps)) * 0.48
    return np.convolve(wide, kernel, "same").astype(np.float32)


def _by_program(text: str, language: str) -> Samples | None:
    """Have eSpeak NG say it, if it is installed and knows the language."""
    program = shutil.which(_PROGRAM)
    if program is None:
        return None
    name = re.sub(r"[^a-z0-9-]", "", language.lower()) or "en"
    try:
        done = subprocess.run(  # noqa: S603  # a program of the system's, no shell
            [program, "-v", name, "-s", "150", "--stdin", "--stdout"],
            input=text.encode(),
            capture_output=True,
            timeout=_PROGRAM_S,
            check=False,
        )
        if done.returncode != 0 or len(done.stdout) < 1_000:  # noqa: PLR2004  # a header alone
            return None
        with wave.open(io.BytesIO(_with_length(done.stdout))) as sound:
            rate = sound.getframerate()
            pcm = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    except (OSError, subprocess.TimeoutExpired, wave.Error, EOFError):
        return None
    count = round(len(pcm) * RATE / rate)
    at = np.linspace(0, max(0, len(pcm) - 1), count)
    found: Samples = (np.interp(at, np.arange(len(pcm)), pcm) / 32_768).astype(np.float32)
    return found


def _with_length(content: bytes) -> bytes:
    """Write the length into a WAV that was streamed, which has none."""
    size = len(content) - 44
    return content[:4] + (size + 36).to_bytes(4, "little") + content[8:40] + size.to_bytes(
        4, "little"
    ) + content[44:]  # fmt: skip


def _murmured(text: str, seed: int) -> Samples:
    """Hum in syllables: a vowel-like tone for each, a pause at each stop."""
    dice = dice_of("murmur", seed, text)
    parts: list[Samples] = []
    for word in re.findall(r"\w+|[,.;:!?\u3001\u3002]", text) or ["."]:
        if not word[0].isalnum():
            parts.append(np.zeros(round(0.22 * RATE), np.float32))
            continue
        wide = not word.isascii() and len(word) > 1 and ord(word[0]) > 0x2E80  # noqa: PLR2004
        count = len(word) if wide else max(1, len(re.findall(r"[aeiouyäöüéèà]+", word.lower())))
        parts += [_syllable(dice) for _ in range(count)]
        parts.append(np.zeros(round(0.03 * RATE), np.float32))
    return np.concatenate(parts)


def _syllable(dice: np.random.Generator) -> Samples:
    count = round(_SYLLABLE_S * RATE * (0.8 + 0.4 * dice.random()))
    time = np.arange(count) / RATE
    pitch = 165 * 2 ** ((dice.random() - 0.5) / 4)
    glide = pitch * (1 - 0.06 * time / time[-1])
    phase = 2 * np.pi * np.cumsum(glide) / RATE
    first, second = 400 + 350 * dice.random(), 1_100 + 900 * dice.random()
    sound = np.zeros(count)
    for harmonic in range(1, 16):
        at = pitch * harmonic
        level = np.exp(-(((at - first) / 180) ** 2)) + 0.5 * np.exp(-(((at - second) / 250) ** 2))
        sound += (level + 0.04 / harmonic) * np.sin(harmonic * phase)
    return faded(sound.astype(np.float32), 0.05)


def _levelled(samples: Samples) -> Samples:
    """Bring to one level, measured where something is said."""
    loud = samples[np.abs(samples) > 0.02 * np.max(np.abs(samples), initial=1e-6)]
    level = float(np.sqrt(np.mean(loud**2))) if len(loud) else 1.0
    return (samples * np.float32(_LOUDNESS / max(level, 1e-6))).astype(np.float32)
