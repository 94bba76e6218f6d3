"""Things people buy and carry: shoes, phones, watches, bags, boxes, chairs, books, cameras."""

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import WHITE, lit, mix
from callsheet.drawing.subjects.dyes import Drawing, Dyes


def shoe(pen: Pen, dyes: Dyes) -> None:
    """Draw a running shoe from the side."""
    pen.blob(
        ((-0.98, 0.2), (-0.96, 0.42), (-0.6, 0.6), (-0.22, 0.74), (0.1, 0.98), (0.38, 1.0),
        (0.66, 0.92),
         (0.86, 0.98), (0.95, 0.62), (0.98, 0.2), (0.3, 0.16), (-0.4, 0.16)),
        dyes.base,
    )  # fmt: skip
    pen.blob(((-0.98, 0.2), (-0.96, 0.4), (-0.7, 0.52), (-0.5, 0.34), (-0.5, 0.18)), dyes.high)
    pen.blob(((0.52, 0.2), (0.6, 0.55), (0.9, 0.66), (0.97, 0.4), (0.97, 0.2)), dyes.low)
    pen.blob(((0.14, 0.97), (0.38, 1.0), (0.64, 0.92), (0.4, 0.84)), dyes.deep)
    pen.blob(((-0.28, 0.3), (0.1, 0.42), (0.62, 0.72), (0.2, 0.34)), dyes.accent)
    for n in range(4):
        x, y = -0.24 + n * 0.11, 0.7 + n * 0.075
        pen.line(((x, y), (x + 0.13, y - 0.13)), 0.035, mix(dyes.high, WHITE, 0.7))
    sole = mix(dyes.high, WHITE, 0.72)
    pen.blob(
        (
            (-1.0, 0.1),
            (-0.96, 0.24),
            (-0.4, 0.2),
            (0.3, 0.2),
            (0.98, 0.26),
            (1.02, 0.08),
            (0.6, 0.0),
            (-0.6, 0.0),
        ),
        sole,
    )
    pen.blob(
        ((0.2, 0.02), (0.3, 0.18), (0.96, 0.22), (1.0, 0.08), (0.6, 0.01)), lit(sole, -0.12), 0.7
    )


def phone(pen: Pen, dyes: Dyes) -> None:
    """Draw a telephone standing, its screen lit."""
    pen.box(-0.24, 0.02, 0.24, 0.98, dyes.deep)
    pen.polygon(((0.24, 0.02), (0.27, 0.04), (0.27, 0.96), (0.24, 0.98)), lit(dyes.deep, -0.05))
    pen.box(-0.22, 0.04, 0.22, 0.96, mix(dyes.base, dyes.glow, 0.25))
    pen.polygon(
        ((-0.22, 0.04), (0.22, 0.04), (0.22, 0.4), (-0.22, 0.58)), mix(dyes.accent, dyes.base, 0.4)
    )
    pen.ellipse(0.06, 0.66, 0.09, 0.09, lit(dyes.glow, 0.03), 0.85)
    pen.box(-0.06, 0.925, 0.06, 0.945, dyes.deep)
    pen.polygon(((-0.22, 0.96), (-0.05, 0.96), (-0.22, 0.5)), WHITE, 0.14)


def laptop(pen: Pen, dyes: Dyes) -> None:
    """Draw an open laptop."""
    pen.polygon(((-0.68, 0.14), (0.68, 0.14), (0.68, 1.0), (-0.68, 1.0)), dyes.deep)
    pen.box(-0.64, 0.19, 0.64, 0.96, mix(dyes.base, dyes.glow, 0.3))
    pen.polygon(
        ((-0.64, 0.19), (0.64, 0.19), (0.64, 0.42), (0.1, 0.62), (-0.3, 0.44), (-0.64, 0.56)),
        dyes.accent,
        0.75,
    )
    pen.ellipse(0.3, 0.74, 0.1, 0.1, lit(dyes.glow, 0.03), 0.9)
    metal = mix(dyes.high, (190, 194, 200), 0.6)
    pen.polygon(((-0.7, 0.14), (0.7, 0.14), (0.84, 0.03), (-0.84, 0.03)), metal)
    pen.polygon(((-0.84, 0.03), (0.84, 0.03), (0.82, 0.0), (-0.82, 0.0)), lit(metal, -0.2))
    pen.polygon(((-0.56, 0.12), (0.56, 0.12), (0.62, 0.075), (-0.62, 0.075)), lit(metal, -0.3), 0.7)


def watch(pen: Pen, dyes: Dyes) -> None:
    """Draw a wrist watch from the front."""
    pen.polygon(((-0.15, 0.0), (0.15, 0.0), (0.2, 0.3), (-0.2, 0.3)), dyes.low)
    pen.polygon(((-0.15, 1.0), (0.15, 1.0), (0.2, 0.7), (-0.2, 0.7)), dyes.base)
    pen.polygon(((-0.15, 1.0), (-0.06, 1.0), (-0.08, 0.7), (-0.2, 0.7)), dyes.high, 0.7)
    metal = mix(dyes.high, (206, 206, 204), 0.65)
    pen.ellipse(0, 0.5, 0.29, 0.29, lit(metal, -0.2))
    pen.ellipse(-0.008, 0.506, 0.275, 0.275, metal)
    pen.ellipse(0, 0.5, 0.235, 0.235, lit(dyes.deep, 0.03))
    for x, y in ((0, 0.2), (0.2, 0), (0, -0.2), (-0.2, 0)):
        pen.ellipse(x, 0.5 + y, 0.014, 0.014, dyes.glow)
    pen.line(((0, 0.5), (-0.09, 0.6)), 0.024, WHITE)
    pen.line(((0, 0.5), (0.1, 0.66)), 0.016, WHITE)
    pen.line(((0, 0.5), (0.03, 0.34)), 0.008, dyes.accent)
    pen.box(0.275, 0.475, 0.32, 0.525, metal)


def headphones(pen: Pen, dyes: Dyes) -> None:
    """Draw headphones from the front."""
    band = [
        (-0.42, 0.42),
        (-0.43, 0.7),
        (-0.26, 0.92),
        (0.0, 1.0),
        (0.26, 0.92),
        (0.43, 0.7),
        (0.42, 0.42),
    ]
    pen.line(band, 0.09, dyes.low)
    pen.line([(x * 0.985, y + 0.008) for x, y in band[:4]], 0.05, dyes.high)
    for side, colour in ((-1, dyes.base), (1, dyes.low)):
        pen.blob(
            (
                (side * 0.28, 0.06),
                (side * 0.4, 0.0),
                (side * 0.52, 0.1),
                (side * 0.54, 0.36),
                (side * 0.42, 0.52),
                (side * 0.28, 0.46),
            ),
            colour,
        )
        pen.blob(
            (
                (side * 0.22, 0.1),
                (side * 0.3, 0.04),
                (side * 0.32, 0.26),
                (side * 0.3, 0.48),
                (side * 0.22, 0.42),
            ),
            dyes.deep,
        )
    pen.blob(((-0.5, 0.14), (-0.46, 0.1), (-0.46, 0.4), (-0.51, 0.36)), dyes.high)
    pen.ellipse(0.44, 0.27, 0.035, 0.06, dyes.accent)


def bag(pen: Pen, dyes: Dyes) -> None:
    """Draw a bag with a flap and handles."""
    pen.line(((-0.22, 0.7), (-0.2, 0.94), (0.0, 1.0), (0.2, 0.94), (0.22, 0.7)), 0.045, dyes.low)
    pen.blob(
        (
            (-0.44, 0.02),
            (-0.47, 0.4),
            (-0.4, 0.72),
            (0.0, 0.76),
            (0.4, 0.72),
            (0.47, 0.4),
            (0.44, 0.02),
            (0.0, 0.0),
        ),
        dyes.base,
    )
    pen.blob(
        ((0.16, 0.02), (0.2, 0.4), (0.16, 0.72), (0.4, 0.71), (0.46, 0.4), (0.43, 0.03)),
        dyes.low,
        0.7,
    )
    pen.blob(
        ((-0.41, 0.72), (0.0, 0.77), (0.41, 0.72), (0.43, 0.5), (0.0, 0.36), (-0.43, 0.5)),
        lit(dyes.base, 0.04),
    )
    pen.blob(((-0.4, 0.71), (-0.18, 0.74), (-0.2, 0.44), (-0.42, 0.5)), dyes.high, 0.6)
    pen.line(((-0.42, 0.5), (0.0, 0.36), (0.42, 0.5)), 0.012, dyes.low)
    pen.box(-0.05, 0.34, 0.05, 0.44, mix((214, 178, 96), dyes.high, 0.3))
    pen.box(-0.024, 0.365, 0.024, 0.415, dyes.deep)


def box(pen: Pen, dyes: Dyes) -> None:
    """Draw a parcel with a band."""
    pen.polygon(((-0.6, 0.12), (0.12, 0.0), (0.12, 0.7), (-0.6, 0.78)), dyes.base)
    pen.polygon(((0.12, 0.0), (0.62, 0.16), (0.62, 0.8), (0.12, 0.7)), dyes.low)
    pen.polygon(((-0.6, 0.78), (0.12, 0.7), (0.62, 0.8), (-0.06, 0.92)), dyes.high)
    pen.polygon(((-0.31, 0.072), (-0.19, 0.052), (-0.19, 0.735), (-0.31, 0.748)), dyes.accent)
    pen.polygon(
        ((-0.31, 0.748), (-0.19, 0.735), (0.35, 0.848), (0.23, 0.868)), lit(dyes.accent, 0.06)
    )
    for side in (-1, 1):
        pen.blob(
            (
                (0.02, 0.81),
                (side * 0.12 + 0.02, 0.96),
                (side * 0.24 + 0.02, 0.9),
                (side * 0.14 + 0.02, 0.81),
            ),
            lit(dyes.accent, -0.05),
        )
    pen.ellipse(0.02, 0.82, 0.045, 0.035, lit(dyes.accent, -0.12))


def chair(pen: Pen, dyes: Dyes) -> None:
    """Draw an armchair."""
    for x in (-0.36, 0.36):
        pen.polygon(
            (
                (x - 0.03, 0.14),
                (x + 0.03, 0.14),
                (x + 0.02 + x * 0.1, 0.0),
                (x - 0.02 + x * 0.1, 0.0),
            ),
            dyes.deep,
        )
    pen.blob(
        ((-0.36, 0.3), (-0.4, 0.8), (-0.3, 0.98), (0.0, 1.0), (0.3, 0.98), (0.4, 0.8), (0.36, 0.3)),
        dyes.base,
    )
    pen.blob(((0.1, 0.3), (0.14, 0.95), (0.3, 0.97), (0.39, 0.8), (0.35, 0.3)), dyes.low, 0.6)
    pen.blob(((-0.44, 0.34), (0.44, 0.34), (0.44, 0.5), (0.0, 0.54), (-0.44, 0.5)), dyes.high)
    pen.blob(((-0.44, 0.13), (0.44, 0.13), (0.45, 0.38), (-0.45, 0.38)), lit(dyes.base, -0.03))
    for side, colour in ((-1, dyes.base), (1, dyes.low)):
        pen.blob(
            (
                (side * 0.36, 0.12),
                (side * 0.54, 0.14),
                (side * 0.56, 0.56),
                (side * 0.46, 0.64),
                (side * 0.36, 0.56),
            ),
            colour,
        )


def book(pen: Pen, dyes: Dyes) -> None:
    """Draw an open book."""
    pen.polygon(
        ((-1.0, 0.1), (0.0, 0.0), (1.0, 0.1), (1.0, 0.84), (0.0, 0.72), (-1.0, 0.84)), dyes.base
    )
    paper = mix(WHITE, dyes.high, 0.18)
    for side, shade in ((-1, 0.0), (1, -0.07)):
        pen.blob(
            (
                (0.0, 0.06),
                (side * 0.5, 0.17),
                (side * 0.95, 0.15),
                (side * 0.95, 0.92),
                (side * 0.5, 0.95),
                (0.0, 0.8),
            ),
            lit(paper, shade),
        )
        for n in range(6):
            y = 0.76 - n * 0.1
            pen.line(
                (
                    (side * 0.13, y - 0.03),
                    (side * 0.5, y + 0.03),
                    (side * (0.85 - 0.12 * (n % 2)), y + 0.02),
                ),
                0.014,
                dyes.deep,
                0.4,
            )
    pen.line(((0.0, 0.04), (0.0, 0.8)), 0.02, dyes.low)


def camera(pen: Pen, dyes: Dyes) -> None:
    """Draw a stills camera from the front."""
    pen.polygon(((-0.2, 0.78), (0.2, 0.78), (0.14, 1.0), (-0.14, 1.0)), lit(dyes.deep, 0.06))
    pen.blob(
        (
            (-0.72, 0.02),
            (-0.74, 0.4),
            (-0.7, 0.8),
            (0.0, 0.82),
            (0.7, 0.8),
            (0.74, 0.4),
            (0.72, 0.02),
            (0.0, 0.0),
        ),
        dyes.deep,
    )
    pen.polygon(((-0.72, 0.3), (0.72, 0.3), (0.72, 0.62), (-0.72, 0.62)), dyes.base)
    pen.polygon(((0.3, 0.3), (0.72, 0.3), (0.72, 0.62), (0.3, 0.62)), dyes.low, 0.8)
    for size, colour in (
        (0.36, lit(dyes.deep, 0.12)),
        (0.3, dyes.deep),
        (0.22, lit(dyes.deep, 0.07)),
        (0.15, (26, 34, 56)),
    ):
        pen.ellipse(0, 0.42, size, size, colour)
    pen.ellipse(-0.06, 0.49, 0.05, 0.035, WHITE, 0.7)
    pen.ellipse(0.05, 0.36, 0.03, 0.03, dyes.accent, 0.6)
    pen.box(-0.6, 0.8, -0.42, 0.86, dyes.accent)


DRAWINGS = {
    "shoe": Drawing(shoe, 2.0),
    "phone": Drawing(phone, 0.5),
    "laptop": Drawing(laptop, 1.66),
    "watch": Drawing(watch, 0.6),
    "headphones": Drawing(headphones, 1.1),
    "bag": Drawing(bag, 0.95),
    "box": Drawing(box, 1.25),
    "chair": Drawing(chair, 1.1),
    "book": Drawing(book, 2.0),
    "camera": Drawing(camera, 1.5),
}
