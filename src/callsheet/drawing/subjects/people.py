"""Figures without faces, as storyboards draw them: pose, clothes, the line of the eyes."""

from callsheet.drawing.canvas import Pen, Point
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.subjects.dyes import Drawing, Dyes


def _mirror(points: list[Point]) -> list[Point]:
    return [*points, *((-x, y) for x, y in reversed(points))]


def _legs(pen: Pen, dyes: Dyes) -> None:
    for side, colour in ((1, dyes.deep), (-1, lit(dyes.deep, 0.03))):
        pen.polygon(
            (
                (side * 0.002, 0.5), (side * 0.098, 0.5), (side * 0.088, 0.26), (side * 0.076,
                0.03),
                (side * 0.03, 0.03), (side * 0.022, 0.26),
            ),
            colour,
        )  # fmt: skip
        pen.blob(
            ((side * 0.02, 0.005), (side * 0.1, 0.003), (side * 0.098, 0.03), (side * 0.03, 0.045)),
            lit(dyes.deep, -0.05),
        )


def _arm(pen: Pen, dyes: Dyes, side: int, colour: Colour) -> None:
    hand = (side * 0.146, 0.468)
    pen.ellipse(hand[0], hand[1] - 0.012, 0.024, 0.03, dyes.skin)
    pen.blob(
        (
            (side * 0.085, 0.818), (side * 0.122, 0.8), (side * 0.148, 0.755), (side * 0.172, 0.64),
            (side * 0.17, 0.475), (side * 0.122, 0.475), (side * 0.122, 0.63), (side * 0.1, 0.72),
        ),
        colour,
    )  # fmt: skip


def _coat(pen: Pen, dyes: Dyes, hem: float) -> None:
    outline = [(0.0, 0.838), (0.05, 0.834), (0.108, 0.812), (0.138, 0.775), (0.118, 0.66), (0.1,
    0.58),
               (0.112, 0.5), (0.13, hem), (0.06, hem - 0.006), (0.0, hem)]  # fmt: skip
    pen.blob(_mirror(outline), dyes.base)
    shade = [(0.02, 0.83), (0.1, 0.81), (0.134, 0.77), (0.114, 0.66), (0.098, 0.58), (0.11, 0.5),
             (0.124, hem + 0.02), (0.04, hem + 0.014), (0.035, 0.6)]  # fmt: skip
    pen.blob(shade, dyes.low, 0.75)
    pen.polygon(((-0.034, 0.836), (-0.062, 0.77), (0.0, 0.7), (0.004, 0.72)), dyes.high, 0.8)
    pen.polygon(((0.034, 0.836), (0.062, 0.77), (0.0, 0.7), (-0.004, 0.72)), dyes.low)
    pen.polygon(((-0.032, 0.838), (0.032, 0.838), (0.0, 0.735)), lit(dyes.high, 0.12))
    pen.line(((0.0, 0.7), (0.003, hem + 0.01)), 0.004, dyes.low)
    for n in range(3):
        pen.ellipse(0.014, 0.665 - n * 0.06, 0.005, 0.005, dyes.deep)


def _head(pen: Pen, dyes: Dyes) -> None:
    pen.polygon(
        ((-0.03, 0.875), (0.03, 0.875), (0.036, 0.825), (-0.036, 0.825)),
        mix(dyes.skin, dyes.deep, 0.28),
    )
    pen.blob(
        ((0.0, 0.996), (0.044, 0.98), (0.057, 0.935), (0.05, 0.89), (0.024, 0.857), (0.0, 0.85),
         (-0.024, 0.857), (-0.05, 0.89), (-0.057, 0.935), (-0.044, 0.98)),
        dyes.skin,
    )  # fmt: skip
    pen.blob(
        ((0.012, 0.994), (0.044, 0.979), (0.056, 0.935), (0.049, 0.891), (0.022, 0.858), (0.006,
        0.853),
         (0.02, 0.9), (0.024, 0.945)),
        mix(dyes.skin, dyes.deep, 0.4), 0.8,
    )  # fmt: skip
    # The construction lines tell the director where the head looks.
    guide = mix(dyes.skin, dyes.deep, 0.5)
    pen.line(((-0.054, 0.922), (-0.012, 0.912), (0.054, 0.922)), 0.0013, guide, 0.5)
    pen.line(((-0.008, 0.994), (-0.017, 0.92), (-0.006, 0.853)), 0.0013, guide, 0.5)


def _short_hair(pen: Pen, dyes: Dyes) -> None:
    hair = lit(dyes.deep, 0.02)
    pen.blob(
        ((-0.06, 0.93), (-0.058, 0.975), (-0.03, 1.004), (0.012, 1.008), (0.052, 0.985), (0.062,
        0.94),
         (0.056, 0.905), (0.05, 0.94), (0.03, 0.968), (-0.02, 0.972), (-0.05, 0.955)),
        hair,
    )  # fmt: skip


def _long_hair_behind(pen: Pen, dyes: Dyes) -> None:
    pen.blob(
        ((0.0, 1.01), (0.05, 0.995), (0.074, 0.94), (0.078, 0.87), (0.086, 0.8), (0.05, 0.765),
         (0.0, 0.775), (-0.05, 0.765), (-0.082, 0.8), (-0.076, 0.87), (-0.072, 0.94), (-0.05,
         0.995)),
        lit(dyes.deep, 0.02),
    )  # fmt: skip


def _long_hair_front(pen: Pen, dyes: Dyes) -> None:
    hair = lit(dyes.deep, 0.04)
    pen.blob(
        ((-0.01, 1.006), (-0.046, 0.99), (-0.066, 0.945), (-0.068, 0.87), (-0.06, 0.84),
        (-0.052, 0.9),
         (-0.04, 0.955), (0.0, 0.978), (0.042, 0.955), (0.052, 0.9), (0.062, 0.84), (0.07, 0.88),
         (0.066, 0.945), (0.044, 0.99)),
        hair,
    )  # fmt: skip


def man(pen: Pen, dyes: Dyes) -> None:
    """Draw someone in a coat."""
    _legs(pen, dyes)
    _arm(pen, dyes, 1, dyes.low)
    _coat(pen, dyes, 0.43)
    _arm(pen, dyes, -1, dyes.base)
    _head(pen, dyes)
    _short_hair(pen, dyes)


def woman(pen: Pen, dyes: Dyes) -> None:
    """Draw someone with long hair in a long coat."""
    _long_hair_behind(pen, dyes)
    _legs(pen, dyes)
    _arm(pen, dyes, 1, dyes.low)
    _coat(pen, dyes, 0.33)
    pen.polygon(((-0.104, 0.592), (0.104, 0.592), (0.106, 0.565), (-0.106, 0.565)), dyes.low)
    _arm(pen, dyes, -1, dyes.base)
    _head(pen, dyes)
    _long_hair_front(pen, dyes)


def keeper(pen: Pen, dyes: Dyes) -> None:
    """Draw a keeper: oilskin coat, cap, beard, a lantern that shines at night."""
    _legs(pen, dyes)
    _arm(pen, dyes, 1, dyes.low)
    _coat(pen, dyes, 0.3)
    _head(pen, dyes)
    beard = mix((214, 210, 204), dyes.deep, 0.3 if dyes.dark else 0.12)
    pen.blob(
        ((-0.053, 0.905), (-0.045, 0.868), (-0.022, 0.838), (0.0, 0.826), (0.022, 0.838),
        (0.045, 0.868),
         (0.053, 0.905), (0.026, 0.892), (0.0, 0.887), (-0.026, 0.892)),
        beard,
    )  # fmt: skip
    pen.blob(
        (
            (-0.066, 0.952),
            (-0.062, 0.99),
            (-0.03, 1.016),
            (0.012, 1.018),
            (0.052, 1.0),
            (0.066, 0.96),
            (0.04, 0.952),
            (-0.03, 0.95),
        ),
        dyes.deep,
    )
    pen.blob(((-0.085, 0.944), (-0.06, 0.96), (0.03, 0.957), (0.0, 0.943)), lit(dyes.deep, -0.04))
    _arm(pen, dyes, -1, dyes.base)
    _lantern(pen, dyes)


def _lantern(pen: Pen, dyes: Dyes) -> None:
    x, y = -0.165, 0.4
    pen.glow(x, y - 0.01, 0.16 if dyes.dark else 0.06, 0.16 if dyes.dark else 0.06, dyes.glow, 0.6)
    pen.box(x - 0.03, y - 0.055, x + 0.03, y - 0.04, dyes.deep)
    pen.box(x - 0.022, y - 0.04, x + 0.022, y + 0.02, lit(dyes.glow, 0.04))
    pen.polygon(
        ((x - 0.03, y + 0.02), (x + 0.03, y + 0.02), (x + 0.01, y + 0.045), (x - 0.01, y + 0.045)),
        dyes.deep,
    )
    pen.line(((x - 0.012, y + 0.04), (x, y + 0.07), (x + 0.012, y + 0.04)), 0.004, dyes.deep)


def child(pen: Pen, dyes: Dyes) -> None:
    """Draw a child: shorter, with a larger head."""
    small = Pen(pen.canvas, pen.x, pen.y, pen.height * 0.72, pen.flip)
    _legs(small, dyes)
    _arm(small, dyes, 1, dyes.low)
    _coat(small, dyes, 0.44)
    _arm(small, dyes, -1, dyes.base)
    head = Pen(
        pen.canvas,
        pen.x,
        pen.y - pen.height * 0.72 * 0.81 + pen.height * 0.98 * 0.81,
        pen.height * 0.98,
        pen.flip,
    )
    _head(head, dyes)
    _short_hair(head, dyes)


def couple(pen: Pen, dyes: Dyes) -> None:
    """Draw two people turned to each other."""
    across = pen.height * 0.17
    second = Dyes(dyes.accent, lit(dyes.accent, 0.1), lit(dyes.accent, -0.12), dyes.deep,
                  mix(dyes.skin, dyes.deep, 0.25), dyes.base, dyes.rim, dyes.glow,
                  dyes.dark)  # fmt: skip
    man(Pen(pen.canvas, pen.x - across, pen.y, pen.height, flip=True), dyes)
    woman(Pen(pen.canvas, pen.x + across, pen.y, pen.height * 0.95), second)


def crowd(pen: Pen, dyes: Dyes) -> None:
    """Draw five people, the middle ones nearer."""
    for n, (x, size, paint) in enumerate(
        (
            (-0.46, 0.9, man),
            (0.46, 0.88, woman),
            (-0.24, 0.95, woman),
            (0.24, 0.97, man),
            (0.0, 1.0, man),
        )
    ):
        base = mix(dyes.base, dyes.accent, (n * 0.37) % 1)
        own = Dyes(base, lit(base, 0.1), lit(base, -0.1), lit(dyes.deep, 0.02 * n), dyes.skin,
                   dyes.accent, dyes.rim, dyes.glow, dyes.dark)  # fmt: skip
        paint(
            Pen(pen.canvas, pen.x + x * pen.height, pen.y, pen.height * size, flip=n % 2 == 0), own
        )


DRAWINGS = {
    "man": Drawing(man, 0.36),
    "woman": Drawing(woman, 0.36),
    "keeper": Drawing(keeper, 0.4),
    "child": Drawing(child, 0.28),
    "couple": Drawing(couple, 0.7),
    "crowd": Drawing(crowd, 1.25),
}
