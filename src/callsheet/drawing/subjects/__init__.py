"""Subjects as silhouettes in a few tones, and how they are put into a scene."""

from callsheet.drawing.canvas import OPAQUE, Canvas, Pen, Shape
from callsheet.drawing.reading import Thing
from callsheet.drawing.stage import Stage
from callsheet.drawing.subjects import (
    above,
    buildings,
    forms,
    nature,
    people,
    tableware,
    vehicles,
    wares,
)
from callsheet.drawing.subjects.dyes import Drawing, Dyes

_DRAWINGS: dict[str, Drawing] = {
    **people.DRAWINGS,
    **tableware.DRAWINGS,
    **wares.DRAWINGS,
    **vehicles.DRAWINGS,
    **buildings.DRAWINGS,
    **nature.DRAWINGS,
}
_RIM = 0.26  # units of the frame that a lit edge is wide


def drawing_of(thing: Thing | None, angle: str = "") -> Drawing:
    """Find the drawing of a thing; an abstract form stands for what we cannot draw."""
    if thing and angle in ("overhead", "aerial") and thing.name in above.DRAWINGS:
        return above.DRAWINGS[thing.name]
    return _DRAWINGS.get(thing.name, forms.FORM) if thing else forms.FORM


def place(
    stage: Stage,
    thing: Thing | None,
    *,
    x: float,
    base: float,
    scale: float,
    dyes: Dyes,
    facing: bool,
) -> None:
    """Draw a thing with its shadow and a lit edge; `x`, `base` and `scale` are fractions."""
    drawing = drawing_of(thing, stage.plan.angle)
    own = Canvas(stage.width, stage.height)
    pen = Pen(own, x * stage.width, base * stage.height, scale * stage.height, flip=facing)
    _shadow(stage, pen, drawing)
    drawing.paint(pen, dyes)
    rim = stage.unit * _RIM * (-1 if stage.light_x < pen.x else 1)
    for shape in own.shapes:
        if isinstance(shape, Shape) and shape.alpha == OPAQUE:
            moved = [(px + rim, py - abs(rim) * 0.5) for px, py in shape.points]
            stage.canvas.polygon(moved, dyes.rim)
    stage.canvas.shapes.extend(own.shapes)


def _shadow(stage: Stage, pen: Pen, drawing: Drawing) -> None:
    half = drawing.aspect * pen.height * 0.5
    away = 1 if stage.light_x < pen.x else -1
    flat = max(stage.unit * 0.8, min(half * 0.16, pen.height * 0.07))
    colour = stage.palette.shade
    if stage.plan.angle in ("overhead", "aerial"):
        drop = pen.height * 0.06
        stage.canvas.glow(
            pen.x + away * drop,
            pen.y - pen.height / 2 + drop,
            half * 1.25,
            pen.height * 0.62,
            colour,
            0.5,
        )
        return
    if not drawing.grounded:
        return
    stage.canvas.glow(
        pen.x + away * half * 0.75, pen.y + flat * 0.2, half * 1.7, flat * 1.2, colour, 0.38
    )
    stage.canvas.glow(pen.x, pen.y, half * 1.02, flat * 0.7, colour, 0.62)
