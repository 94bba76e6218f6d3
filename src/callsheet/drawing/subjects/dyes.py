"""The tones that one subject is drawn in, and what a drawing is."""

from collections.abc import Callable
from dataclasses import dataclass

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import BLACK, Colour, Tone, lit, mix
from callsheet.drawing.palette import Palette


@dataclass(frozen=True, slots=True)
class Dyes:
    """Light falls from the left of the thing's own space: `high` is left, `low` right."""

    base: Colour
    high: Colour
    low: Colour
    deep: Colour
    skin: Colour
    accent: Colour
    rim: Colour
    glow: Colour
    dark: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """How to draw a thing of height 1 and the given width."""

    paint: Callable[[Pen, Dyes], None]
    aspect: float
    grounded: bool = True


def dyes_for(palette: Palette, *, colour: Colour | None = None, haze: float = 0.0) -> Dyes:
    """Mix the tones; `haze` fades a far thing into the sky."""
    base = mix(colour or palette.subject, palette.sky_low, haze)
    seen = Tone.of(base)
    # Kept off the ends of the scale, so that light and shade still show on black and white things.
    base = seen.at(light=min(0.86, max(0.22, seen.light))).colour()
    skin = mix(
        mix((206, 152, 118), palette.light, 0.12), palette.shade, 0.34 if palette.dark else 0.1
    )
    return Dyes(
        base=base,
        high=mix(lit(base, 0.11), palette.light, 0.12),
        low=mix(lit(base, -0.1), palette.shade, 0.22),
        deep=mix(mix(palette.shade, BLACK, 0.15), palette.sky_low, haze),
        skin=mix(skin, palette.sky_low, haze),
        accent=mix(palette.accent, palette.sky_low, haze),
        rim=mix(palette.light, palette.sky_low, 0.25 + haze * 0.6),
        glow=palette.light,
        dark=palette.dark,
    )
