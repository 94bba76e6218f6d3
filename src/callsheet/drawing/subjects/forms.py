"""The form that stands for a subject whose name we do not know."""

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import lit
from callsheet.drawing.subjects.dyes import Drawing, Dyes


def form(pen: Pen, dyes: Dyes) -> None:
    """Draw stacked stones: a slab, a column, a sphere."""
    pen.box(-0.36, 0.0, 0.36, 0.1, dyes.low)
    pen.box(-0.36, 0.1, 0.36, 0.13, dyes.base)
    pen.polygon(((-0.2, 0.13), (0.2, 0.13), (0.2, 0.56), (-0.2, 0.56)), dyes.base)
    for x, alpha in ((0.02, 0.35), (0.08, 0.4), (0.14, 0.5)):
        pen.box(x, 0.13, 0.2, 0.56, dyes.low, alpha)
    pen.box(-0.17, 0.13, -0.1, 0.56, dyes.high, 0.7)
    pen.ellipse(0, 0.56, 0.2, 0.035, lit(dyes.base, 0.07))
    pen.ellipse(0, 0.78, 0.22, 0.22, lit(dyes.accent, -0.1))
    for n in range(6):
        part = 1 - n * 0.14
        pen.ellipse(
            -0.03 - 0.012 * n,
            0.79 + 0.012 * n,
            0.21 * part,
            0.21 * part,
            lit(dyes.accent, 0.02 * n - 0.04),
            0.7,
        )


FORM = Drawing(form, 0.72)
