"""Vehicles from the side."""

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import WHITE, lit, mix
from callsheet.drawing.subjects.dyes import Drawing, Dyes


def _wheel(pen: Pen, x: float, y: float, radius: float, dyes: Dyes) -> None:
    pen.ellipse(x, y, radius, radius, lit(dyes.deep, -0.06))
    pen.ellipse(x, y, radius * 0.62, radius * 0.62, mix(dyes.high, (180, 182, 186), 0.6))
    pen.ellipse(x, y, radius * 0.22, radius * 0.22, dyes.deep)


def _glass(dyes: Dyes) -> tuple[int, int, int]:
    return mix(dyes.deep, dyes.rim, 0.3)


def car(pen: Pen, dyes: Dyes) -> None:
    """Draw a car."""
    pen.blob(
        ((-1.5, 0.22), (-1.56, 0.42), (-1.4, 0.56), (-0.86, 0.64), (-0.5, 0.94), (0.0, 1.0),
        (0.46, 0.96),
         (0.9, 0.68), (1.4, 0.6), (1.54, 0.44), (1.5, 0.22), (0.0, 0.18)),
        dyes.base,
    )  # fmt: skip
    pen.blob(((-1.5, 0.22), (1.5, 0.22), (1.54, 0.4), (0.0, 0.38), (-1.55, 0.4)), dyes.low)
    pen.polygon(((-0.72, 0.64), (-0.42, 0.9), (-0.02, 0.94), (-0.02, 0.64)), _glass(dyes))
    pen.polygon(((0.06, 0.94), (0.42, 0.9), (0.76, 0.66), (0.06, 0.64)), lit(_glass(dyes), -0.05))
    pen.polygon(((-0.62, 0.66), (-0.4, 0.86), (-0.28, 0.87), (-0.46, 0.66)), WHITE, 0.25)
    pen.line(((-1.42, 0.56), (-0.4, 0.62), (0.8, 0.62), (1.4, 0.58)), 0.02, dyes.high)
    pen.ellipse(-1.46, 0.47, 0.07, 0.05, lit(dyes.glow, 0.03))
    pen.ellipse(1.48, 0.47, 0.05, 0.05, (196, 60, 52))
    if dyes.dark:
        pen.glow(-1.56, 0.45, 0.5, 0.22, dyes.glow, 0.6)
    for x in (-0.9, 0.92):
        _wheel(pen, x, 0.2, 0.22, dyes)


def van(pen: Pen, dyes: Dyes) -> None:
    """Draw a delivery van."""
    pen.blob(
        (
            (-1.05, 0.12),
            (-1.1, 0.4),
            (-1.0, 0.56),
            (-0.72, 0.9),
            (-0.5, 0.98),
            (0.9, 1.0),
            (1.04, 0.94),
            (1.04, 0.14),
            (0.0, 0.12),
        ),
        dyes.base,
    )
    pen.polygon(((-1.08, 0.14), (1.04, 0.14), (1.04, 0.4), (-1.1, 0.4)), dyes.low, 0.8)
    pen.polygon(((-0.92, 0.58), (-0.66, 0.88), (-0.38, 0.9), (-0.38, 0.58)), _glass(dyes))
    pen.box(-0.2, 0.5, 0.84, 0.72, mix(dyes.high, WHITE, 0.4))
    pen.box(-0.1, 0.58, 0.4, 0.64, dyes.accent)
    pen.ellipse(-1.06, 0.42, 0.05, 0.06, lit(dyes.glow, 0.02))
    for x in (-0.66, 0.66):
        _wheel(pen, x, 0.14, 0.16, dyes)


def bicycle(pen: Pen, dyes: Dyes) -> None:
    """Draw a bicycle."""
    for x in (-0.52, 0.52):
        pen.ellipse(x, 0.34, 0.34, 0.34, dyes.deep)
        pen.ellipse(x, 0.34, 0.3, 0.3, dyes.rim)
        pen.ellipse(x, 0.34, 0.285, 0.285, mix(dyes.rim, dyes.deep, 0.35))
        for dx, dy in ((0.28, 0.0), (0.2, 0.2), (0.0, 0.28), (-0.2, 0.2)):
            pen.line(((x - dx, 0.34 - dy), (x + dx, 0.34 + dy)), 0.008, dyes.rim)
    for start, end in (
        ((0.52, 0.34), (0.18, 0.78)), ((0.18, 0.78), (-0.34, 0.8)), ((-0.34, 0.8), (0.02, 0.34)),
        ((0.02, 0.34), (0.18, 0.8)), ((0.02, 0.34), (0.52, 0.34)), ((-0.52, 0.34), (-0.32, 0.9)),
    ):  # fmt: skip
        pen.line((start, end), 0.042, dyes.base)
    pen.line(((-0.46, 0.92), (-0.32, 0.94), (-0.2, 0.98)), 0.035, dyes.deep)
    pen.blob(((0.06, 0.84), (0.18, 0.88), (0.34, 0.85), (0.2, 0.81)), dyes.deep)
    pen.ellipse(0.02, 0.34, 0.06, 0.06, dyes.accent)


def boat(pen: Pen, dyes: Dyes) -> None:
    """Draw a sailing boat."""
    pen.line(((0.02, 0.12), (0.02, 1.0)), 0.016, dyes.deep)
    pen.polygon(((-0.01, 0.98), (-0.01, 0.2), (-0.46, 0.2)), mix(dyes.high, WHITE, 0.6))
    pen.polygon(((0.05, 0.92), (0.05, 0.22), (0.38, 0.24)), mix(dyes.high, dyes.accent, 0.35))
    pen.blob(
        ((-0.56, 0.16), (-0.4, 0.02), (0.0, -0.01), (0.36, 0.02), (0.54, 0.18), (0.0, 0.13)),
        dyes.base,
    )
    pen.blob(
        ((-0.45, 0.07), (-0.36, 0.01), (0.0, -0.015), (0.34, 0.02), (0.42, 0.08), (0.0, 0.05)),
        dyes.low,
    )


def train(pen: Pen, dyes: Dyes) -> None:
    """Draw a fast train passing."""
    pen.blob(
        (
            (-2.6, 0.1),
            (-2.5, 0.42),
            (-2.0, 0.84),
            (-1.4, 0.98),
            (0.6, 1.0),
            (2.6, 1.0),
            (2.6, 0.1),
            (0.0, 0.08),
        ),
        dyes.base,
    )
    pen.polygon(((-2.58, 0.12), (2.6, 0.12), (2.6, 0.34), (-2.54, 0.34)), dyes.low)
    pen.polygon(((-2.5, 0.4), (2.6, 0.4), (2.6, 0.46), (-2.44, 0.46)), dyes.accent)
    pen.polygon(((-2.2, 0.6), (-1.86, 0.84), (-1.62, 0.84), (-1.7, 0.6)), _glass(dyes))
    for n in range(9):
        left = -1.46 + n * 0.44
        colour = lit(dyes.glow, -0.02) if dyes.dark else _glass(dyes)
        pen.box(left, 0.6, left + 0.3, 0.82, colour)
    pen.box(-2.7, 0.0, 2.6, 0.05, dyes.deep)


def plane(pen: Pen, dyes: Dyes) -> None:
    """Draw an airliner climbing."""
    pen.blob(
        (
            (-1.3, 0.46),
            (-1.1, 0.58),
            (-0.4, 0.64),
            (0.9, 0.66),
            (1.3, 0.74),
            (1.24, 0.6),
            (0.4, 0.42),
            (-0.9, 0.36),
        ),
        mix(dyes.high, WHITE, 0.5),
    )
    pen.polygon(((0.92, 0.64), (1.24, 1.0), (1.42, 1.0), (1.28, 0.66)), dyes.base)
    pen.polygon(((-0.2, 0.48), (0.5, 0.02), (0.76, 0.02), (0.36, 0.52)), dyes.low)
    pen.polygon(((-0.1, 0.62), (0.36, 0.86), (0.5, 0.86), (0.3, 0.62)), dyes.low, 0.6)
    for n in range(9):
        pen.ellipse(-0.76 + n * 0.17, 0.55 + n * 0.006, 0.025, 0.025, dyes.deep)


def balloon(pen: Pen, dyes: Dyes) -> None:
    """Draw a hot air balloon."""
    for x in (-0.05, 0.05):
        pen.line(((x, 0.12), (x * 3.2, 0.36)), 0.006, dyes.deep)
    outline = (
        (0.0, 0.3), (0.14, 0.36), (0.3, 0.54), (0.34, 0.74), (0.22, 0.94), (0.0, 1.0),
        (-0.22, 0.94), (-0.34, 0.74), (-0.3, 0.54), (-0.14, 0.36),
    )  # fmt: skip
    pen.blob(outline, dyes.base)
    for part, colour in ((0.62, dyes.accent), (0.3, mix(dyes.high, WHITE, 0.5))):
        pen.blob([(x * part, y) for x, y in outline], colour)
    shade = [(max(x, 0.06), y) for x, y in outline]
    pen.blob(shade, dyes.low, 0.4)
    pen.box(-0.055, 0.02, 0.055, 0.12, dyes.deep)
    pen.box(-0.055, 0.1, 0.055, 0.12, lit(dyes.deep, 0.14))


DRAWINGS = {
    "balloon": Drawing(balloon, 0.7, grounded=False),
    "car": Drawing(car, 3.1),
    "van": Drawing(van, 2.15),
    "bicycle": Drawing(bicycle, 1.75),
    "boat": Drawing(boat, 1.1),
    "train": Drawing(train, 5.2),
    "plane": Drawing(plane, 2.7, grounded=False),
}
