"""What is heard in a place: a room tone under every cut, and the sounds that belong there."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from callsheet.ports.film import FilmPlan, frames_of, starts_of
from callsheet.sound.signals import RATE, Samples, add_at, band_noise, dice_of, faded, slow_wave

_TONE: Final = 0.0012  # of a room where nothing happens
_JOIN_S: Final = 0.25  # two places cross-fade over a cut

Dice = np.random.Generator


def effects(plan: FilmPlan) -> Samples:
    """Make the sounds of a film, shape (count, 2): by the words of each shot's `sound`."""
    count = round(frames_of(plan) / plan.fps * RATE)
    dice = dice_of("tone", plan.seed)
    tone = np.stack([band_noise(count, 60, 900, dice) for _ in range(2)], axis=1)
    out: Samples = (tone * np.float32(_TONE)).astype(np.float32)
    starts = starts_of(plan)
    join = round(_JOIN_S * RATE)
    for heard, first, last in _stretches(plan):
        start = round(starts[first].start / plan.fps * RATE) - join
        end = round(starts[last].end / plan.fps * RATE) + join
        make = next((PLACES[name] for name in heard.lower().split() if name in PLACES), None)
        if make is not None and end > start:
            left = make(end - start, dice_of("left", plan.seed, heard, first))
            right = make(end - start, dice_of("right", plan.seed, heard, first))
            add_at(out, faded(np.stack([left, right], axis=1), _JOIN_S), start)
    return out


def _stretches(plan: FilmPlan) -> list[tuple[str, str, str]]:
    """List which sound is heard from which shot to which: it goes on over cuts in one place."""
    found: list[tuple[str, str, str]] = []
    for shot in plan.shots:
        if found and found[-1][0] == shot.sound:
            found[-1] = (shot.sound, found[-1][1], shot.id)
        else:
            found.append((shot.sound, shot.id, shot.id))
    return found


def _sea(count: int, dice: Dice) -> Samples:
    """Waves: noise that swells every six seconds or so, brighter as it breaks."""
    swell = slow_wave(count, 3.2, dice) ** 2
    deep = band_noise(count, 60, 420, dice) * (0.35 + 0.65 * swell)
    foam = band_noise(count, 900, 5_200, dice) * swell**2
    return (deep * 0.022 + foam * 0.013).astype(np.float32)


def _rain(count: int, dice: Dice) -> Samples:
    """Rain: a bright hiss with drops in it."""
    hiss = band_noise(count, 1_400, 9_000, dice) * (0.8 + 0.2 * slow_wave(count, 1.5, dice))
    drops = np.zeros(count, np.float32)
    for at in dice.integers(0, max(1, count), count * 14 // RATE):
        add_at(drops, _drop(dice), int(at))
    return (hiss * 0.012 + drops * 0.02).astype(np.float32)


def _drop(dice: Dice) -> Samples:
    time = np.arange(round(0.03 * RATE)) / RATE
    tone = np.sin(2 * np.pi * (1_500 + 2_500 * dice.random()) * time) * np.exp(-time * 220)
    return faded(tone.astype(np.float32), 0.002)


def _wind(count: int, dice: Dice) -> Samples:
    gusts = 0.3 + slow_wave(count, 2.2, dice)
    return (band_noise(count, 90, 700, dice) * gusts * 0.014).astype(np.float32)


def _birds(count: int, dice: Dice) -> Samples:
    """Make a forest: a little wind, and now and then a bird."""
    out = _wind(count, dice) * np.float32(0.5)
    for at in dice.integers(0, max(1, count), max(1, count * 7 // (10 * RATE))):
        add_at(out, _chirp(dice), int(at))
    return out


def _chirp(dice: Dice) -> Samples:
    base, notes = 2_400 + 1_800 * dice.random(), int(dice.integers(2, 6))
    parts: list[Samples] = []
    for _ in range(notes):
        time = np.arange(round((0.05 + 0.06 * dice.random()) * RATE)) / RATE
        glide = base * (1 + 0.25 * (dice.random() - 0.3) * time / time[-1])
        tone = np.sin(2 * np.pi * np.cumsum(glide) / RATE) * 0.018
        parts += [faded(tone.astype(np.float32), 0.015), np.zeros(round(0.05 * RATE), np.float32)]
    return np.concatenate(parts)


def _street(count: int, dice: Dice) -> Samples:
    """Make a city: a low hum, and cars that pass."""
    out = (band_noise(count, 50, 260, dice) * 0.016).astype(np.float32)
    for at in dice.integers(-RATE, max(1, count), max(1, count // (4 * RATE))):
        length = round((2.5 + dice.random()) * RATE)
        shape = np.hanning(length).astype(np.float32) ** 2
        add_at(out, band_noise(length, 120, 1_600, dice) * shape * np.float32(0.018), int(at))
    return out


def _room(count: int, dice: Dice) -> Samples:
    return (band_noise(count, 70, 400, dice) * 0.0035).astype(np.float32)


def _kitchen(count: int, dice: Dice) -> Samples:
    """Make a kitchen: a room, something that sizzles, a clink now and then."""
    sizzle = band_noise(count, 2_500, 9_000, dice) * slow_wave(count, 0.4, dice) * 0.004
    out = (_room(count, dice) + sizzle).astype(np.float32)
    for at in dice.integers(0, max(1, count), max(1, count // (3 * RATE))):
        add_at(out, _clink(dice), int(at))
    return out


def _clink(dice: Dice) -> Samples:
    time = np.arange(round(0.5 * RATE)) / RATE
    base = 1_900 + 1_400 * dice.random()
    tone = sum(
        share * np.sin(2 * np.pi * base * ratio * time) * np.exp(-time * rate)
        for ratio, share, rate in ((1, 1.0, 11), (2.76, 0.5, 17), (5.4, 0.25, 26))
    )
    return faded(np.asarray(tone * 0.008, np.float32), 0.002)


def _fire(count: int, dice: Dice) -> Samples:
    out = (band_noise(count, 80, 500, dice) * 0.006).astype(np.float32)
    for at in dice.integers(0, max(1, count), count * 9 // RATE):
        length = round((0.003 + 0.01 * dice.random()) * RATE)
        crackle = dice.standard_normal(length).astype(np.float32) * np.float32(0.03 * dice.random())
        add_at(out, faded(crackle, 0.001), int(at))
    return out


def _crowd(count: int, dice: Dice) -> Samples:
    """People: many voices at once, none of which is heard."""
    out = np.zeros(count, np.float32)
    for _ in range(9):
        low = 180 + 240 * dice.random()
        out += band_noise(count, low, low * 4, dice) * slow_wave(count, 0.22, dice) ** 2
    return (out * 0.0042).astype(np.float32)


def _hum(count: int, dice: Dice) -> Samples:
    time = np.arange(count) / RATE
    tone = sum(np.sin(2 * np.pi * hertz * time + dice.random() * 6) for hertz in (46, 69.3, 92.5))
    return np.asarray(tone * 0.004, np.float32)


PLACES: Final[Mapping[str, Callable[[int, Dice], Samples]]] = {
    "sea": _sea,
    "rain": _rain,
    "snow": _wind,
    "wind": _wind,
    "forest": _birds,
    "field": _birds,
    "street": _street,
    "kitchen": _kitchen,
    "office": _room,
    "room": _room,
    "fire": _fire,
    "crowd": _crowd,
    "space": _hum,
}
