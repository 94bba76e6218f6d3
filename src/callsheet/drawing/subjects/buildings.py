"""Buildings that a shot is about."""

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import WHITE, lit, mix
from callsheet.drawing.subjects.dyes import Drawing, Dyes


def lighthouse(pen: Pen, dyes: Dyes) -> None:
    """Draw a lighthouse on its rock, the beam on in the dark."""
    pen.blob(
        (
            (-0.34, 0.0),
            (-0.24, 0.08),
            (-0.1, 0.1),
            (0.12, 0.11),
            (0.26, 0.07),
            (0.36, 0.0),
            (0.0, -0.02),
        ),
        dyes.deep,
    )
    # Nested triangles fade the beam out along its length.
    for n in range(6):
        far, half = 0.5 + n * 0.2, 0.045 + n * 0.022
        pen.polygon(
            ((0.0, 0.9), (-far, 0.9 + half), (-far - 0.06, 0.9), (-far, 0.9 - half)),
            dyes.glow,
            0.09 if dyes.dark else 0.035,
        )
    white = mix(WHITE, dyes.high, 0.3)
    for n in range(5):
        low, high = 0.08 + n * 0.15, 0.08 + (n + 1) * 0.15
        wide, thin = 0.1 - low * 0.05, 0.1 - high * 0.05
        colour = dyes.base if n % 2 else white
        pen.polygon(((-wide, low), (wide, low), (thin, high), (-thin, high)), colour)
        pen.polygon(
            ((wide * 0.25, low), (wide, low), (thin, high), (thin * 0.25, high)), dyes.deep, 0.3
        )
    pen.box(-0.085, 0.83, 0.085, 0.85, dyes.deep)
    pen.box(-0.05, 0.85, 0.05, 0.94, lit(dyes.glow, 0.03))
    for x in (-0.05, 0.0, 0.044):
        pen.box(x, 0.85, x + 0.008, 0.94, dyes.deep)
    pen.polygon(((-0.065, 0.94), (0.065, 0.94), (0.0, 1.0)), dyes.base)
    pen.glow(0.0, 0.9, 0.2, 0.2, dyes.glow, 0.6 if dyes.dark else 0.3)
    pen.box(-0.02, 0.1, 0.02, 0.17, dyes.deep)


def house(pen: Pen, dyes: Dyes) -> None:
    """Draw a house with a lit window."""
    pen.box(0.34, 0.74, 0.46, 1.0, dyes.deep)
    pen.box(-0.62, 0.0, 0.62, 0.56, dyes.base)
    pen.box(0.1, 0.0, 0.62, 0.56, dyes.low, 0.55)
    pen.polygon(((-0.74, 0.54), (0.74, 0.54), (0.5, 0.9), (-0.5, 0.9)), lit(dyes.deep, 0.05))
    pen.polygon(((-0.74, 0.54), (-0.5, 0.9), (-0.1, 0.9), (-0.2, 0.54)), lit(dyes.deep, 0.1))
    lamp = lit(dyes.glow, -0.02) if dyes.dark else mix(dyes.deep, dyes.rim, 0.35)
    for x in (-0.46, 0.24):
        if dyes.dark:
            pen.glow(x + 0.11, 0.33, 0.3, 0.26, dyes.glow, 0.5)
        pen.box(x, 0.22, x + 0.22, 0.44, lamp)
        pen.box(x + 0.1, 0.22, x + 0.12, 0.44, dyes.base)
    pen.box(-0.1, 0.0, 0.1, 0.38, dyes.accent)
    pen.ellipse(0.06, 0.19, 0.014, 0.014, dyes.glow)


def tower(pen: Pen, dyes: Dyes) -> None:
    """Draw a tall building, its windows lit in the dark."""
    pen.polygon(((-0.2, 0.0), (0.06, 0.0), (0.06, 0.96), (-0.2, 0.9)), dyes.base)
    pen.polygon(((0.06, 0.0), (0.22, 0.0), (0.22, 0.92), (0.06, 0.96)), dyes.low)
    pen.line(((-0.02, 0.93), (-0.02, 1.0)), 0.008, dyes.deep)
    lamp = lit(dyes.glow, -0.02) if dyes.dark else lit(dyes.high, 0.06)
    for row in range(14):
        y = 0.06 + row * 0.06
        for column in range(4):
            if (row * 7 + column * 5) % 4 != 0 or not dyes.dark:
                x = -0.175 + column * 0.058
                pen.box(x, y, x + 0.034, y + 0.034, lamp, 0.85)
        pen.box(0.08, y, 0.2, y + 0.02, lamp, 0.28)


DRAWINGS = {
    "lighthouse": Drawing(lighthouse, 0.5),
    "house": Drawing(house, 1.4),
    "tower": Drawing(tower, 0.44),
}
