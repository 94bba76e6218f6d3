"""Colours: mixing, lightening and turning hues the way eyes see them (OKLCH)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)
BLACK: Colour = (0, 0, 0)
_SRGB_KNEE, _LINEAR_KNEE = 0.04045, 0.0031308  # where the sRGB curve becomes a line
_SHOWN = 0.502  # from the middle of a channel; a rounding error beyond its ends is forgiven


@dataclass(frozen=True, slots=True)
class Tone:
    """A colour by lightness (0-1), chroma (0 grey, about 0.3 at most) and hue in degrees."""

    light: float
    chroma: float
    hue: float

    @classmethod
    def of(cls, colour: Colour) -> Self:
        """Read an sRGB colour."""
        red, green, blue = (_linear(part / 255) for part in colour)
        long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
        middle = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
        short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
        light = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
        a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
        b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
        return cls(light, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)

    def colour(self) -> Colour:
        """Write it as sRGB, giving up chroma where the screen cannot show it."""
        chroma = max(0.0, self.chroma)
        light = min(1.0, max(0.0, self.light))
        for _ in range(12):
            parts = _srgb(light, chroma, self.hue)
            if all(abs(part - 0.5) <= _SHOWN for part in parts):
                break
            chroma *= 0.86
        red, green, blue = (min(255, max(0, round(part * 255))) for part in parts)
        return red, green, blue

    def at(self, light: float | None = None, chroma: float | None = None) -> "Tone":
        """Keep the hue, change the rest."""
        return Tone(
            self.light if light is None else light,
            self.chroma if chroma is None else chroma,
            self.hue,
        )

    def turned(self, degrees: float) -> "Tone":
        """Turn the hue."""
        return Tone(self.light, self.chroma, (self.hue + degrees) % 360)


def tone(light: float, chroma: float, hue: float) -> Colour:
    """Spell a colour by lightness, chroma and hue."""
    return Tone(light, chroma, hue).colour()


def mix(left: Colour, right: Colour, part: float) -> Colour:
    """Go `part` (0-1) of the way from one colour to the other."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(left, right, strict=True))
    return red, green, blue


def lightness(colour: Colour) -> float:
    """Tell how light a colour looks, 0 to 1."""
    return Tone.of(colour).light


@lru_cache(maxsize=4_096)
def lit(colour: Colour, by: float) -> Colour:
    """Make a colour lighter (or darker, below 0) by a part of the lightness scale."""
    seen = Tone.of(colour)
    return seen.at(light=min(0.99, max(0.02, seen.light + by))).colour()


def blend(colours: Sequence[tuple[Colour, float]]) -> Colour:
    """Weigh colours into one."""
    total = sum(weight for _, weight in colours) or 1.0
    red, green, blue = (
        round(sum(colour[part] * weight for colour, weight in colours) / total) for part in range(3)
    )
    return red, green, blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= _SRGB_KNEE else ((part + 0.055) / 1.055) ** 2.4


def _gamma(part: float) -> float:
    if part <= _LINEAR_KNEE:
        return part * 12.92
    return 1.055 * math.pow(part, 1 / 2.4) - 0.055


def _srgb(light: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        _gamma(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
        _gamma(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
        _gamma(-0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short),
    )
