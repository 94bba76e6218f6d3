"""Trees and animals."""

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import lit, mix
from callsheet.drawing.subjects.dyes import Drawing, Dyes


def tree(pen: Pen, dyes: Dyes) -> None:
    """Draw a broad tree."""
    pen.polygon(((-0.05, 0.0), (0.05, 0.0), (0.03, 0.42), (-0.03, 0.42)), dyes.deep)
    pen.line(((0.0, 0.3), (0.12, 0.5), (0.2, 0.6)), 0.025, dyes.deep)
    leaf = mix((86, 128, 84), dyes.base, 0.35)
    for x, y, size, shade in (
        (0.22, 0.56, 0.2, -0.09), (-0.2, 0.56, 0.2, -0.03), (0.12, 0.76, 0.2, -0.06), (-0.1,
        0.78, 0.21, 0.02),
        (0.0, 0.62, 0.24, -0.03), (-0.18, 0.68, 0.13, 0.06), (-0.04, 0.88, 0.1, 0.06),
    ):  # fmt: skip
        pen.ellipse(x, y, size, size * 0.86, lit(leaf, shade))


def dog(pen: Pen, dyes: Dyes) -> None:
    """Draw a sitting dog."""
    pen.line(((0.34, 0.1), (0.56, 0.12), (0.66, 0.3)), 0.07, dyes.low)
    pen.blob(
        (
            (-0.12, 0.62),
            (-0.22, 0.3),
            (-0.2, 0.02),
            (0.2, 0.0),
            (0.42, 0.06),
            (0.42, 0.3),
            (0.22, 0.56),
            (0.06, 0.7),
        ),
        dyes.base,
    )
    pen.blob(((0.14, 0.04), (0.42, 0.05), (0.42, 0.28), (0.24, 0.36), (0.14, 0.2)), dyes.low)
    for x in (-0.18, -0.05):
        pen.line(((x, 0.42), (x - 0.01, 0.02)), 0.085, lit(dyes.base, -0.2 * x - 0.01))
        pen.ellipse(x - 0.03, 0.025, 0.065, 0.03, lit(dyes.base, 0.04))
    pen.blob(
        (
            (-0.3, 0.72),
            (-0.4, 0.76),
            (-0.4, 0.84),
            (-0.24, 0.9),
            (-0.12, 1.0),
            (0.06, 0.98),
            (0.12, 0.8),
            (0.04, 0.66),
            (-0.14, 0.64),
        ),
        dyes.base,
    )
    pen.blob(((0.0, 0.98), (0.12, 0.96), (0.2, 0.74), (0.12, 0.66), (0.04, 0.82)), dyes.deep)
    pen.ellipse(-0.395, 0.82, 0.035, 0.03, lit(dyes.deep, -0.05))
    pen.ellipse(-0.16, 0.86, 0.02, 0.022, dyes.deep)
    pen.line(((-0.14, 0.64), (-0.02, 0.6), (0.1, 0.66)), 0.04, dyes.accent)


def cat(pen: Pen, dyes: Dyes) -> None:
    """Draw a sitting cat."""
    pen.line(((0.2, 0.06), (0.46, 0.06), (0.52, 0.26), (0.4, 0.36)), 0.065, dyes.low)
    pen.blob(
        (
            (0.0, 0.62),
            (-0.18, 0.44),
            (-0.24, 0.1),
            (-0.18, 0.0),
            (0.2, 0.0),
            (0.3, 0.12),
            (0.22, 0.44),
        ),
        dyes.base,
    )
    pen.blob(
        ((0.06, 0.6), (0.22, 0.42), (0.29, 0.12), (0.2, 0.01), (0.06, 0.02), (0.1, 0.3)),
        dyes.low,
        0.7,
    )
    for side in (-1, 1):
        pen.polygon(
            ((side * 0.2, 0.78), (side * 0.21, 1.0), (side * 0.04, 0.88)),
            dyes.base if side < 0 else dyes.low,
        )
    pen.blob(
        (
            (0.0, 0.92),
            (-0.17, 0.88),
            (-0.23, 0.74),
            (-0.14, 0.6),
            (0.0, 0.57),
            (0.14, 0.6),
            (0.23, 0.74),
            (0.17, 0.88),
        ),
        lit(dyes.base, 0.02),
    )
    for side in (-1, 1):
        pen.ellipse(side * 0.09, 0.75, 0.032, 0.036, dyes.glow)
        pen.ellipse(side * 0.09, 0.75, 0.011, 0.032, dyes.deep)
        pen.line(((side * 0.06, 0.67), (side * 0.3, 0.69)), 0.006, dyes.rim)
    pen.polygon(((-0.022, 0.69), (0.022, 0.69), (0.0, 0.665)), dyes.accent)
    for x in (-0.09, 0.05):
        pen.ellipse(x, 0.02, 0.075, 0.035, lit(dyes.base, 0.05))


def horse(pen: Pen, dyes: Dyes) -> None:
    """Draw a standing horse."""
    pen.line(((0.44, 0.6), (0.58, 0.5), (0.56, 0.26)), 0.07, dyes.deep)
    for x, colour in ((-0.2, dyes.low), (0.4, dyes.low), (-0.3, dyes.base), (0.3, dyes.base)):
        pen.line(((x, 0.5), (x + 0.02, 0.26), (x, 0.02)), 0.07, colour)
        pen.box(x - 0.035, 0.0, x + 0.04, 0.035, dyes.deep)
    pen.blob(
        (
            (-0.4, 0.58),
            (-0.3, 0.42),
            (0.1, 0.38),
            (0.4, 0.42),
            (0.5, 0.56),
            (0.4, 0.68),
            (0.0, 0.64),
            (-0.3, 0.7),
        ),
        dyes.base,
    )
    pen.blob(
        (
            (-0.42, 0.5),
            (-0.26, 0.7),
            (-0.44, 0.94),
            (-0.52, 1.0),
            (-0.6, 0.94),
            (-0.78, 0.78),
            (-0.76, 0.7),
            (-0.62, 0.72),
            (-0.54, 0.78),
            (-0.5, 0.62),
        ),
        dyes.base,
    )
    pen.line(((-0.46, 1.0), (-0.32, 0.86), (-0.22, 0.68)), 0.06, dyes.deep)
    pen.polygon(((-0.54, 0.97), (-0.48, 0.97), (-0.5, 1.05)), dyes.base)


def bird(pen: Pen, dyes: Dyes) -> None:
    """Draw a gliding gull."""
    white = mix(dyes.high, (244, 244, 240), 0.6)
    pen.blob(((-0.5, 0.5), (-0.3, 0.58), (0.1, 0.56), (0.5, 0.46), (0.2, 0.38), (-0.3, 0.4)), white)
    pen.blob(((-0.1, 0.54), (0.1, 0.84), (0.6, 1.0), (0.36, 0.76), (0.2, 0.5)), dyes.low)
    pen.blob(((-0.2, 0.54), (-0.3, 0.86), (-0.8, 0.98), (-0.56, 0.72), (0.04, 0.46)), white)
    pen.polygon(((-0.49, 0.52), (-0.49, 0.46), (-0.6, 0.47)), dyes.accent)
    pen.ellipse(-0.4, 0.53, 0.016, 0.016, dyes.deep)


DRAWINGS = {
    "tree": Drawing(tree, 0.85),
    "dog": Drawing(dog, 0.9),
    "cat": Drawing(cat, 0.75),
    "horse": Drawing(horse, 1.35),
    "bird": Drawing(bird, 1.4, grounded=False),
}
