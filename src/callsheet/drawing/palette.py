"""The colours of one frame: from the hour, the mood, the words for colours and the references."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

from PIL import Image

from callsheet.drawing.colours import Colour, Tone, lightness, mix, tone
from callsheet.drawing.reading import Reading


@dataclass(frozen=True, slots=True)
class Palette:
    """Sky from top to horizon, the light's own colour, land by depth, subject and accent."""

    sky_high: Colour
    sky_low: Colour
    light: Colour
    far: Colour
    middle: Colour
    near: Colour
    ground: Colour
    shade: Colour
    subject: Colour
    accent: Colour

    @property
    def dark(self) -> bool:
        """Whether the scene is a dark one, where lamps and windows shine."""
        return lightness(self.sky_low) < _DARK

    def mapped(self, change: Callable[[Colour], Colour]) -> "Palette":
        """Change every colour in the same way."""
        return Palette(*(change(getattr(self, field.name)) for field in fields(self)))


@dataclass(frozen=True, slots=True)
class _Hour:
    high: Tone
    low: Tone
    light: Tone
    land: float  # lightness of the near ground
    shade: float  # lightness of silhouettes


_DARK = 0.45
_DAYLIT_LAND = 0.3
_GREY = 0.03  # chroma below which a colour has no hue to lend
_SOLID = 128  # alpha
_HOURS = {
    "dawn": _Hour(Tone(0.66, 0.075, 275), Tone(0.88, 0.085, 55), Tone(0.97, 0.07, 85), 0.46, 0.27),
    "golden": _Hour(Tone(0.56, 0.1, 300), Tone(0.82, 0.135, 58), Tone(0.95, 0.11, 82), 0.40, 0.23),
    "dusk": _Hour(Tone(0.33, 0.085, 275), Tone(0.68, 0.105, 20), Tone(0.90, 0.09, 60), 0.28, 0.17),
    "night": _Hour(Tone(0.17, 0.05, 268), Tone(0.34, 0.07, 255), Tone(0.94, 0.03, 95), 0.20, 0.11),
    "day": _Hour(Tone(0.70, 0.11, 243), Tone(0.92, 0.035, 225), Tone(0.99, 0.02, 100), 0.60, 0.34),
    "overcast": _Hour(
        Tone(0.72, 0.022, 245), Tone(0.88, 0.014, 220), Tone(0.97, 0.008, 100), 0.52, 0.31
    ),
    "neon": _Hour(Tone(0.15, 0.06, 285), Tone(0.33, 0.13, 325), Tone(0.80, 0.18, 345), 0.17, 0.10),
    "fire": _Hour(Tone(0.14, 0.03, 45), Tone(0.32, 0.075, 52), Tone(0.90, 0.12, 76), 0.20, 0.11),
}
_UNSAID = ("dawn", "day", "golden", "overcast")
_LAND_HUES = {
    "sea": (215, 0.05),
    "water": (205, 0.05),
    "mountains": (262, 0.045),
    "forest": (150, 0.06),
    "field": (128, 0.085),
    "desert": (66, 0.085),
    "road": (80, 0.035),
    "city": (265, 0.03),
    "space": (285, 0.05),
    "underwater": (210, 0.09),
}
_INDOOR_HUE = (62, 0.035)
_ACCENT_HUES = (35, 62, 150, 195, 250, 300, 20, 85)


def palette_for(
    reading: Reading,
    styles: Sequence[Sequence[Colour]],
    *,
    choice: int,
    turn: float,
) -> Palette:
    """Choose the colours.

    `styles` holds the leading colours of each style reference;
    `choice` picks among what the prompt leaves open, `turn` rotates the result a little.
    """
    hour = _HOURS[reading.time or _UNSAID[choice % len(_UNSAID)]]
    palette = _by_hour(reading, hour, choice)
    if reading.colours:
        palette = _tinted(palette, reading.colours)
    for style in styles:
        palette = _styled(palette, style, 0.78 / len(styles) ** 0.5)
    palette = palette.mapped(lambda colour: Tone.of(colour).turned(turn).colour())
    return _in_mood(palette, reading)


def _by_hour(reading: Reading, hour: _Hour, choice: int) -> Palette:
    hue, chroma = _LAND_HUES.get(reading.setting, _INDOOR_HUE)
    if "snow" in reading.weather:
        hue, chroma = 245, 0.02
    land = hour.land + (0.22 if "snow" in reading.weather and hour.land > _DAYLIT_LAND else 0.0)
    ground = tone(land, chroma, hue)
    near = tone(land * 0.8, chroma, hue)
    low = hour.low.colour()
    accent = tone(0.66, 0.14, _ACCENT_HUES[choice % len(_ACCENT_HUES)])
    return Palette(
        sky_high=hour.high.colour(),
        sky_low=low,
        light=hour.light.colour(),
        far=mix(tone(land + 0.08, chroma, hue + 20), low, 0.62),
        middle=mix(tone(land, chroma, hue + 10), low, 0.3),
        near=near,
        ground=ground,
        shade=tone(hour.shade, 0.03, (hour.high.hue + hue) / 2),
        subject=mix(accent, tone(hour.shade + 0.16, 0.04, hue), 0.5),
        accent=accent,
    )


def _tinted(palette: Palette, colours: Sequence[Colour]) -> Palette:
    """Give the subject the first colour named, the accent the last, the scene a breath of it."""
    first, last = colours[0], colours[-1]
    breath = Tone.of(first)

    def breathe(colour: Colour) -> Colour:
        seen = Tone.of(colour)
        tinted = Tone(seen.light, max(seen.chroma, breath.chroma * 0.5), breath.hue).colour()
        return mix(colour, tinted, 0.3 if breath.chroma > _GREY else 0.0)

    return replace(palette.mapped(breathe), subject=first, accent=last, light=palette.light)


def _styled(palette: Palette, style: Sequence[Colour], strength: float) -> Palette:
    """Pull every colour towards the style's colour of the most similar lightness."""
    if not style:
        return palette
    tones = [Tone.of(colour) for colour in style]
    strongest = max(tones, key=lambda seen: seen.chroma)

    def pull(colour: Colour) -> Colour:
        seen = Tone.of(colour)
        nearest = min(tones, key=lambda other: abs(other.light - seen.light))
        target = nearest.at(light=seen.light * 0.6 + nearest.light * 0.4).colour()
        return mix(colour, target, strength)

    accent = strongest.at(light=min(0.78, max(0.5, strongest.light))).colour()
    pulled = palette.mapped(pull)
    return replace(pulled, accent=mix(palette.accent, accent, min(1.0, strength * 1.15)))


def _in_mood(palette: Palette, reading: Reading) -> Palette:
    moods = reading.moods
    lean: Colour | None = None
    if "warm" in moods:
        lean = tone(0.78, 0.12, 62)
    if "cold" in moods:
        lean = tone(0.7, 0.08, 245)

    def change(colour: Colour) -> Colour:
        seen = Tone.of(mix(colour, lean, 0.13) if lean else colour)
        chroma, light = seen.chroma, seen.light
        chroma *= 1.3 if "vivid" in moods else 1.0
        chroma *= 0.62 if "muted" in moods else 1.0
        chroma *= 0.0 if "mono" in moods else 1.0
        light *= 0.8 if "dark" in moods else 1.0
        light += 0.05 if "bright" in moods else 0.0
        return Tone(light, chroma, seen.hue).colour()

    return palette.mapped(change)


def leading_colours(picture: Image.Image, count: int = 5) -> tuple[Colour, ...]:
    """Find a picture's leading colours, the most frequent first; clear pixels do not count."""
    small = picture.convert("RGBA").resize((48, 48), Image.Resampling.BOX)
    solid = [pixel for pixel in _pixels(small) if pixel[3] >= _SOLID]
    if not solid:
        return ()
    strip = Image.new("RGB", (len(solid), 1))
    strip.putdata([pixel[:3] for pixel in solid])
    reduced = strip.quantize(count, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    table = reduced.getpalette("RGB") or []
    found = sorted(reduced.getcolors() or [], reverse=True)
    indexes = [index for _, index in found if isinstance(index, int)]
    return tuple((table[3 * n], table[3 * n + 1], table[3 * n + 2]) for n in indexes)


def _pixels(image: Image.Image) -> list[tuple[int, int, int, int]]:
    raw = image.tobytes()
    return [(raw[n], raw[n + 1], raw[n + 2], raw[n + 3]) for n in range(0, len(raw), 4)]
