"""Vessels and what stands on tables: mugs, bottles, jars, vases, plates, lamps, flowers."""

from callsheet.drawing.canvas import Pen, Point
from callsheet.drawing.colours import WHITE, Colour, lit, mix
from callsheet.drawing.subjects.dyes import Drawing, Dyes


def _turned(pen: Pen, profile: list[Point], dyes: Dyes) -> None:
    """Draw a body turned on a wheel from its right half, lit from the left."""
    left = [(-x, y) for x, y in reversed(profile)]
    pen.polygon([*profile, *left], dyes.base)
    for start, colour, alpha in (
        (0.15, dyes.low, 0.3),
        (0.45, dyes.low, 0.4),
        (0.72, dyes.low, 0.5),
    ):
        edge = [(x * start, y) for x, y in reversed(profile)]
        pen.polygon([*profile, *edge], colour, alpha)
    bright = [(-x * 0.84, y) for x, y in profile]
    inner = [(-x * 0.6, y) for x, y in reversed(profile)]
    pen.polygon([*bright, *inner], dyes.high, 0.75)


def _shine(pen: Pen, x: float, low: float, high: float, width: float) -> None:
    pen.line(((x, low), (x, high)), width, WHITE, 0.35)


def _disc(pen: Pen, y: float, half: float, colour: Colour) -> None:
    pen.ellipse(0, y, half, half * 0.17, colour)


def mug(pen: Pen, dyes: Dyes) -> None:
    """Draw a mug with its handle, a drink in it and a little steam."""
    grip = [(0.36, 0.76), (0.56, 0.74), (0.64, 0.56), (0.58, 0.34), (0.37, 0.2)]
    pen.line(grip, 0.1, dyes.low)
    pen.line([(x - 0.008, y + 0.012) for x, y in grip], 0.05, dyes.base)
    _turned(pen, [(0.4, 0.87), (0.405, 0.6), (0.395, 0.3), (0.36, 0.06), (0.3, 0.0)], dyes)
    _disc(pen, 0.02, 0.3, dyes.low)
    _disc(pen, 0.87, 0.4, dyes.high)
    _disc(pen, 0.862, 0.36, mix(dyes.deep, (86, 52, 34), 0.5))
    _shine(pen, -0.28, 0.2, 0.72, 0.022)
    for x, swing in ((-0.12, 0.05), (0.06, -0.05), (0.2, 0.04)):
        trail = ((x, 0.95), (x + swing, 1.06), (x - swing, 1.18), (x + swing, 1.3))
        for thick in (0.07, 0.045, 0.02):
            pen.line(trail, thick, WHITE, 0.045)


def bottle(pen: Pen, dyes: Dyes) -> None:
    """Draw a bottle with a label."""
    profile = [
        (0.055, 1.0),
        (0.06, 0.78),
        (0.085, 0.7),
        (0.14, 0.62),
        (0.155, 0.54),
        (0.155, 0.04),
        (0.13, 0.0),
    ]
    _turned(pen, profile, dyes)
    pen.box(-0.066, 0.9, 0.066, 1.0, dyes.deep)
    pen.box(-0.066, 0.9, -0.03, 1.0, lit(dyes.deep, 0.12))
    pen.box(-0.155, 0.16, 0.155, 0.44, mix(dyes.high, WHITE, 0.6))
    pen.box(0.06, 0.16, 0.155, 0.44, dyes.low, 0.25)
    pen.box(-0.1, 0.345, 0.07, 0.37, dyes.accent)
    pen.box(-0.1, 0.29, 0.03, 0.305, dyes.deep, 0.6)
    pen.box(-0.1, 0.25, 0.05, 0.265, dyes.deep, 0.6)
    _shine(pen, -0.105, 0.06, 0.58, 0.016)


def jar(pen: Pen, dyes: Dyes) -> None:
    """Draw a low jar with a lid."""
    _turned(pen, [(0.48, 0.68), (0.5, 0.6), (0.5, 0.08), (0.46, 0.0)], dyes)
    lid = Dyes(
        lit(dyes.deep, 0.1),
        lit(dyes.deep, 0.24),
        dyes.deep,
        dyes.deep,
        dyes.skin,
        dyes.accent,
        dyes.rim,
        dyes.glow,
        dyes.dark,
    )
    _turned(pen, [(0.5, 0.95), (0.51, 0.9), (0.51, 0.68)], lid)
    _disc(pen, 0.955, 0.5, lit(lid.base, 0.1))
    pen.box(-0.3, 0.2, 0.3, 0.5, mix(dyes.high, WHITE, 0.5))
    pen.box(-0.2, 0.36, 0.2, 0.41, dyes.accent)
    _shine(pen, -0.41, 0.1, 0.6, 0.025)


def vase(pen: Pen, dyes: Dyes) -> None:
    """Draw a thrown vase with two rings."""
    profile = [
        (0.14, 1.0),
        (0.11, 0.9),
        (0.13, 0.8),
        (0.27, 0.62),
        (0.33, 0.44),
        (0.3, 0.22),
        (0.2, 0.04),
        (0.19, 0.0),
    ]
    _turned(pen, profile, dyes)
    _disc(pen, 1.0, 0.14, dyes.deep)
    pen.line(((-0.26, 0.62), (0.0, 0.59), (0.26, 0.62)), 0.018, dyes.accent, 0.9)
    pen.line(((-0.31, 0.53), (0.0, 0.5), (0.31, 0.53)), 0.01, dyes.accent, 0.9)
    _shine(pen, -0.2, 0.3, 0.6, 0.02)


def food(pen: Pen, dyes: Dyes) -> None:
    """Draw a cake with a slice's worth of layers on a stand."""
    pen.ellipse(0, 0.03, 0.36, 0.05, lit(dyes.deep, 0.1))
    pen.box(-0.06, 0.03, 0.06, 0.28, lit(dyes.deep, 0.14))
    pen.ellipse(0, 0.3, 0.86, 0.1, mix(dyes.high, WHITE, 0.55))
    pen.ellipse(0, 0.32, 0.8, 0.085, mix(dyes.high, WHITE, 0.75))
    _turned(pen, [(0.6, 0.86), (0.61, 0.6), (0.6, 0.36), (0.56, 0.32)], dyes)
    for y in (0.48, 0.64):
        pen.line(
            ((-0.6, y + 0.03), (0.0, y - 0.03), (0.6, y + 0.03)), 0.03, mix(dyes.high, WHITE, 0.5)
        )
    _disc(pen, 0.86, 0.6, mix(dyes.high, WHITE, 0.5))
    for x in (-0.36, -0.12, 0.12, 0.36):
        pen.ellipse(x, 0.91 - abs(x) * 0.06, 0.06, 0.06, dyes.accent)
        pen.ellipse(x - 0.02, 0.93 - abs(x) * 0.06, 0.018, 0.018, WHITE, 0.6)


def lamp(pen: Pen, dyes: Dyes) -> None:
    """Draw a table lamp, lit."""
    pen.glow(0, 0.72, 0.75, 0.6, dyes.glow, 0.5 if dyes.dark else 0.3)
    pen.ellipse(0, 0.03, 0.2, 0.035, dyes.deep)
    pen.box(-0.018, 0.03, 0.018, 0.56, lit(dyes.deep, 0.08))
    pen.polygon(((-0.18, 0.98), (0.18, 0.98), (0.33, 0.55), (-0.33, 0.55)), dyes.base)
    pen.polygon(((-0.18, 0.98), (-0.04, 0.98), (-0.12, 0.55), (-0.33, 0.55)), dyes.high, 0.8)
    pen.polygon(((0.1, 0.98), (0.18, 0.98), (0.33, 0.55), (0.18, 0.55)), dyes.low, 0.7)
    pen.ellipse(0, 0.55, 0.325, 0.035, lit(dyes.glow, 0.03))


def flower(pen: Pen, dyes: Dyes) -> None:
    """Draw flowers in a glass."""
    leaf = mix((74, 122, 84), dyes.deep, 0.25)
    heads = ((-0.2, 0.8), (0.02, 0.9), (0.22, 0.78), (-0.06, 0.68), (0.12, 0.62))
    for x, y in heads:
        pen.line(((x * 0.15, 0.1), (x * 0.5, y * 0.55), (x, y)), 0.014, leaf)
    for x, tip in ((-0.18, 0.5), (0.2, 0.46)):
        pen.blob(((0.0, 0.34), (x * 0.7, tip - 0.06), (x * 1.3, tip), (x * 0.5, tip - 0.12)), leaf)
    for n, (x, y) in enumerate(heads):
        colour = dyes.base if n % 2 else dyes.accent
        for px, py in ((-0.06, 0.02), (0.06, 0.02), (0.0, 0.07), (-0.04, -0.05), (0.04, -0.05)):
            pen.ellipse(x + px, y + py, 0.062, 0.058, lit(colour, 0.04 if px < 0 else -0.05))
        pen.ellipse(x, y, 0.036, 0.036, lit(dyes.glow, -0.05))
    pen.polygon(
        ((-0.12, 0.36), (0.12, 0.36), (0.09, 0.0), (-0.09, 0.0)), mix(dyes.high, WHITE, 0.4), 0.62
    )
    _shine(pen, -0.07, 0.04, 0.32, 0.014)


DRAWINGS = {
    "mug": Drawing(mug, 1.05),
    "bottle": Drawing(bottle, 0.33),
    "jar": Drawing(jar, 1.05),
    "vase": Drawing(vase, 0.68),
    "food": Drawing(food, 1.6),
    "lamp": Drawing(lamp, 0.68),
    "flower": Drawing(flower, 0.6),
}
