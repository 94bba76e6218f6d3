"""A music bed for a film, from its mood alone: composed and played here, the same each time.

Words of a mood choose mode, tempo and chords. A pad holds the chords, a soft bass their roots, and
a plucked voice plays broken chords where the film is at its fullest. The tempo is chosen so that
cuts fall on beats.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from callsheet.ports.film import FilmPlan, frames_of, starts_of
from callsheet.sound.signals import RATE, Samples, add_at, band_noise, dice_of, faded, slow_wave

_NEAR_FRAMES: Final = 2  # from a beat, for a cut to be on it
_BEATS: Final = 4  # of a bar


@dataclass(frozen=True, slots=True)
class _Style:
    """Root as a MIDI note, chords as degrees of a scale, tempo in beats a minute."""

    root: int
    scale: tuple[int, ...]
    chords: tuple[int, ...]
    tempo: float
    pluck: float  # how much of it is played


_MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
_MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
_LYDIAN: Final = (0, 2, 4, 6, 7, 9, 11)
_DORIAN: Final = (0, 2, 3, 5, 7, 9, 10)
_STYLES: Final = (
    ("energetic upbeat fast playful funny cheerful joyful happy bright",
     _Style(50, _MAJOR, (0, 4, 5, 3), 112, 1.0)),
    ("epic bold dramatic intense", _Style(45, _DORIAN, (0, 5, 3, 4), 92, 0.7)),
    ("tense dark eerie mysterious cold", _Style(43, _MINOR, (0, 5, 1, 4), 66, 0.3)),
    ("sad melancholic melancholy lonely wistful nostalgic",
     _Style(45, _MINOR, (0, 5, 2, 6), 64, 0.5)),
    ("dreamy serene peaceful calm quiet gentle slow", _Style(48, _LYDIAN, (0, 1, 4, 0), 62, 0.4)),
)  # fmt: skip
_WARM: Final = _Style(48, _MAJOR, (0, 3, 5, 4), 76, 0.7)


@dataclass(frozen=True, slots=True)
class Bed:
    """A music bed: samples of shape (count, 2), its tempo, and how many cuts fall on beats."""

    samples: Samples
    tempo: float
    cuts_on_beats: int
    cuts: int


def bed(plan: FilmPlan) -> Bed:
    """Compose for a film; silence where its music is "none"."""
    count = round(frames_of(plan) / plan.fps * RATE)
    cuts = [float(cue.start / plan.fps) for cue in starts_of(plan).values()][1:]
    if plan.music.strip().lower() == "none":
        return Bed(np.zeros((count, 2), np.float32), 0.0, 0, len(cuts))
    style = _style_of(plan.music)
    tempo, on_beats = _tempo_for(style.tempo, cuts, _NEAR_FRAMES / float(plan.fps))
    dry = _played(style, tempo, count, plan)
    wet = _in_a_hall(dry, dice_of("hall", plan.seed))
    out = faded(0.72 * dry + 0.5 * wet, 1.2)
    level = float(np.sqrt(np.mean(out**2)))
    return Bed((out * np.float32(0.06 / max(level, 1e-6))), tempo, on_beats, len(cuts))


def _style_of(mood: str) -> _Style:
    said = set(mood.lower().replace(",", " ").split())
    return next((style for names, style in _STYLES if said & set(names.split())), _WARM)


def _tempo_for(usual: float, cuts: list[float], near_s: float) -> tuple[float, int]:
    """Choose the tempo within 8 % at which most cuts are near a beat."""

    def on_beats(tempo: float) -> int:
        beat = 60 / tempo
        return sum(abs(cut - round(cut / beat) * beat) <= near_s for cut in cuts)

    tempi = [usual * (1 + step / 400) for step in range(-32, 33)]
    best = max(tempi, key=lambda tempo: (on_beats(tempo), -abs(tempo - usual)))
    return best, on_beats(best)


def _played(style: _Style, tempo: float, count: int, plan: FilmPlan) -> Samples:
    beat = 60 / tempo * RATE
    bar = beat * _BEATS
    out = np.zeros((count, 2), np.float32)
    bars = int(np.ceil(count / bar))
    dice = dice_of("music", plan.seed, plan.title)
    begins = plan.title_frames / float(plan.fps) * RATE
    for number in range(bars):
        at = round(number * bar)
        last = number >= bars - 2
        degree = 0 if last else style.chords[number % len(style.chords)]
        notes = _chord(style, degree)
        length = round(bar * (2 if last else 1)) + round(0.8 * RATE)
        fullness = _fullness(at, count, begins)
        add_at(out, _pad(notes, length, dice) * np.float32(0.5 + 0.5 * fullness), at)
        add_at(out, _bass(notes[0] - 12, length), at)
        if fullness > 0.35 and not last:  # noqa: PLR2004  # the opening is left quiet
            _pluck_bar(out, notes, at, beat, style.pluck * fullness, dice)
    return out


def _fullness(at: int, count: int, begins: float) -> float:
    """Tell how full the music is at a place: it grows, is fullest at two thirds, and rests."""
    if at < begins:
        return 0.2
    place = at / max(1, count)
    return float(np.interp(place, [0, 0.15, 0.66, 0.85, 1], [0.3, 0.5, 1.0, 0.7, 0.3]))


def _chord(style: _Style, degree: int) -> list[int]:
    """Stack thirds on a degree of the scale; the upper voices stay near the middle."""
    notes = []
    for step in (0, 2, 4, 6):
        octave, place = divmod(degree + step, len(style.scale))
        notes.append(style.root + style.scale[place] + 12 * octave)
    low = notes[0] if notes[0] < style.root + 7 else notes[0] - 12
    return [
        low,
        *(52 + (note - 52) % 12 + 12 * (index // 2) for index, note in enumerate(notes[1:])),
    ]


def _hertz(note: float) -> float:
    return float(440.0 * 2 ** ((note - 69) / 12))


def _pad(notes: list[int], length: int, dice: np.random.Generator) -> Samples:
    """Hold a chord: three detuned voices a note, few harmonics, slow attack and end."""
    time = np.arange(length) / RATE
    out = np.zeros((length, 2), np.float32)
    for note in notes:
        for cents, left in ((-7, 0.7), (0, 0.5), (6, 0.3)):
            base = _hertz(note + cents / 100)
            phase = 2 * np.pi * (base * time + dice.random())
            tone = np.sin(phase) + 0.32 * np.sin(2 * phase) + 0.12 * np.sin(3 * phase)
            tone *= 0.9 + 0.1 * np.sin(2 * np.pi * 0.23 * time + dice.random() * 6)
            out[:, 0] += (tone * left).astype(np.float32)
            out[:, 1] += (tone * (1 - left)).astype(np.float32)
    return faded(out / np.float32(len(notes) * 3), 0.7)


def _bass(note: int, length: int) -> Samples:
    time = np.arange(length) / RATE
    while note > 45:  # noqa: PLR2004  # a bass stays below
        note -= 12
    tone = np.sin(2 * np.pi * _hertz(note) * time) * np.exp(-time / 2.4)
    one = faded(tone.astype(np.float32) * np.float32(0.28), 0.04)
    return np.stack([one, one], axis=1)


def _pluck_bar(
    out: Samples, notes: list[int], at: int, beat: float, amount: float, dice: np.random.Generator
) -> None:
    """Play a broken chord in eighths; some are left out, each a little different."""
    pattern = [notes[1], notes[2], notes[3], notes[2]]
    for eighth in range(_BEATS * 2):
        if eighth and dice.random() > amount:
            continue
        note = pattern[eighth % 4] + 12
        sound = _pluck(note, 0.16 * amount * (1.0 if eighth % 2 == 0 else 0.7))
        side = 0.35 + 0.3 * dice.random()
        stereo = np.stack([sound * np.float32(1 - side), sound * np.float32(side)], axis=1)
        add_at(out, stereo, at + round(eighth * beat / 2))


def _pluck(note: int, level: float) -> Samples:
    time = np.arange(round(1.4 * RATE)) / RATE
    base = _hertz(note)
    tone = np.zeros(len(time))
    for harmonic, share in ((1, 1.0), (2, 0.5), (3, 0.22), (4, 0.1)):
        tone += share * np.sin(2 * np.pi * base * harmonic * time) * np.exp(-time * 2.6 * harmonic)
    return faded((tone * level).astype(np.float32), 0.004)


def _in_a_hall(dry: Samples, dice: np.random.Generator) -> Samples:
    """Convolve with a hall of 2.2 s: noise that decays, darker as it does."""
    length = round(2.2 * RATE)
    size = 1 << (len(dry) + length - 1).bit_length()
    decay = np.exp(-np.arange(length) / (0.5 * RATE)).astype(np.float32)
    out = np.zeros_like(dry)
    for channel in range(2):
        tail = (
            band_noise(length, 120, 3_500, dice)
            * decay
            * (0.6 + 0.4 * slow_wave(length, 0.05, dice))
        )
        spectrum = np.fft.rfft(dry[:, channel], size) * np.fft.rfft(tail, size)
        out[:, channel] = np.fft.irfft(spectrum, size)[: len(dry)]
    level = float(np.sqrt(np.mean(out**2)))
    return out * np.float32(0.6 * float(np.sqrt(np.mean(dry**2))) / max(level, 1e-9))
