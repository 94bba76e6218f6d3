"""Things seen from straight above, for top-down and aerial shots."""

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import WHITE, lit, mix
from callsheet.drawing.subjects.dyes import Drawing, Dyes


def car(pen: Pen, dyes: Dyes) -> None:
    """Draw a car's roof, windows and bonnet."""
    for x in (-0.2, 0.2):
        for y in (0.2, 0.78):
            pen.box(x - 0.05, y - 0.08, x + 0.05, y + 0.08, dyes.deep)
    pen.blob(
        (
            (-0.2, 0.04),
            (0.0, 0.0),
            (0.2, 0.04),
            (0.22, 0.3),
            (0.21, 0.8),
            (0.14, 0.97),
            (0.0, 1.0),
            (-0.14, 0.97),
            (-0.21, 0.8),
            (-0.22, 0.3),
        ),
        dyes.base,
    )
    pen.polygon(((0.1, 0.02), (0.2, 0.05), (0.22, 0.3), (0.2, 0.82), (0.1, 0.96)), dyes.low, 0.7)
    glass = mix(dyes.deep, dyes.rim, 0.25)
    pen.polygon(((-0.16, 0.72), (0.16, 0.72), (0.13, 0.6), (-0.13, 0.6)), glass)
    pen.polygon(((-0.13, 0.24), (0.13, 0.24), (0.16, 0.15), (-0.16, 0.15)), glass)
    pen.box(-0.13, 0.26, 0.13, 0.58, lit(dyes.base, 0.06))
    for x in (-0.13, 0.13):
        pen.ellipse(x, 0.95, 0.035, 0.02, lit(dyes.glow, 0.03))


def boat(pen: Pen, dyes: Dyes) -> None:
    """Draw a boat and its wake."""
    pen.polygon(((-0.08, 0.1), (0.08, 0.1), (0.3, -0.7), (-0.3, -0.7)), WHITE, 0.2)
    pen.blob(
        (
            (0.0, 1.0),
            (0.14, 0.72),
            (0.18, 0.3),
            (0.14, 0.02),
            (-0.14, 0.02),
            (-0.18, 0.3),
            (-0.14, 0.72),
        ),
        dyes.base,
    )
    pen.blob(
        (
            (0.0, 0.88),
            (0.1, 0.66),
            (0.12, 0.3),
            (0.09, 0.1),
            (-0.09, 0.1),
            (-0.12, 0.3),
            (-0.1, 0.66),
        ),
        mix(dyes.high, WHITE, 0.4),
    )
    pen.box(-0.08, 0.3, 0.08, 0.5, dyes.deep)


def person(pen: Pen, dyes: Dyes) -> None:
    """Draw head and shoulders, and the long shadow that tells a person from above."""
    pen.polygon(((-0.12, 0.5), (0.12, 0.5), (1.0, -0.5), (0.74, -0.62)), dyes.deep, 0.35)
    pen.ellipse(0, 0.5, 0.34, 0.16, dyes.base)
    pen.ellipse(0.12, 0.48, 0.2, 0.13, dyes.low, 0.7)
    pen.ellipse(0, 0.52, 0.13, 0.14, dyes.deep)
    pen.ellipse(-0.03, 0.55, 0.08, 0.09, lit(dyes.deep, 0.09))


def cup(pen: Pen, dyes: Dyes) -> None:
    """Draw a cup on its saucer."""
    pen.ellipse(0, 0.5, 0.5, 0.5, mix(dyes.high, WHITE, 0.45))
    pen.ellipse(0, 0.5, 0.4, 0.4, mix(dyes.high, WHITE, 0.3))
    pen.line(((0.2, 0.62), (0.42, 0.76)), 0.09, dyes.base)
    pen.ellipse(0, 0.5, 0.3, 0.3, dyes.base)
    pen.ellipse(0.015, 0.485, 0.27, 0.27, dyes.low)
    pen.ellipse(0, 0.5, 0.25, 0.25, mix(dyes.deep, (92, 56, 36), 0.6))
    pen.line(((-0.14, 0.6), (-0.02, 0.66), (0.1, 0.64)), 0.025, WHITE, 0.4)


def plate(pen: Pen, dyes: Dyes) -> None:
    """Draw a set plate."""
    pen.ellipse(0, 0.5, 0.5, 0.5, mix(dyes.high, WHITE, 0.55))
    pen.ellipse(0, 0.5, 0.36, 0.36, mix(dyes.high, WHITE, 0.75))
    for x, y, size, colour in (
        (-0.08, 0.56, 0.17, dyes.base),
        (0.12, 0.5, 0.13, dyes.accent),
        (-0.02, 0.38, 0.12, dyes.low),
    ):
        pen.ellipse(x, y, size, size * 0.9, colour)
        pen.ellipse(x - 0.03, y + 0.03, size * 0.5, size * 0.4, lit(colour, 0.07))
    for x in (-0.66, 0.62):
        pen.box(x, 0.16, x + 0.04, 0.84, mix(dyes.high, (200, 202, 206), 0.7))


def tree(pen: Pen, dyes: Dyes) -> None:
    """Draw a crown."""
    leaf = mix((86, 128, 84), dyes.base, 0.3)
    for x, y, size, shade in (
        (0.1, 0.4, 0.34, -0.08),
        (-0.14, 0.46, 0.32, -0.02),
        (0.02, 0.62, 0.3, 0.0),
        (-0.08, 0.6, 0.18, 0.07),
    ):
        pen.ellipse(x, y, size, size, lit(leaf, shade))


def roof(pen: Pen, dyes: Dyes) -> None:
    """Draw a roof with its ridge."""
    pen.polygon(((-0.5, 0.1), (0.5, 0.1), (0.5, 0.5), (-0.5, 0.5)), dyes.low)
    pen.polygon(((-0.5, 0.5), (0.5, 0.5), (0.5, 0.9), (-0.5, 0.9)), dyes.high)
    pen.box(0.2, 0.62, 0.32, 0.76, dyes.deep)


_ROOF = Drawing(roof, 1.0)
_PERSON = Drawing(person, 0.7)
DRAWINGS = {
    **dict.fromkeys(("car", "van"), Drawing(car, 0.46)),
    **dict.fromkeys(("man", "woman", "child", "keeper", "couple", "crowd"), _PERSON),
    **dict.fromkeys(("house", "tower", "lighthouse"), _ROOF),
    "boat": Drawing(boat, 0.4),
    "mug": Drawing(cup, 1.0),
    "food": Drawing(plate, 1.3),
    "tree": Drawing(tree, 0.9),
}
