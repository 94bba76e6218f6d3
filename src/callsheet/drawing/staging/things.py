"""Any thing of a story as a drawing: one of our own, one of the subjects', or an emoji's."""

import math
from dataclasses import replace

from callsheet.drawing.canvas import OPAQUE, Canvas, Pen, Shape
from callsheet.drawing.colours import Colour, mix
from callsheet.drawing.pictographs.shapes import draw_pictograph, glow_of, pictograph
from callsheet.drawing.reading import Thing
from callsheet.drawing.stage import Stage
from callsheet.drawing.staging.objects import OBJECTS
from callsheet.drawing.story import Prop
from callsheet.drawing.subjects import drawing_of
from callsheet.drawing.subjects.dyes import Dyes, dyes_for

_RIM = 0.22  # units of the frame that a lit edge is wide
_FLAME = "1f525"
_FIRELIGHT: Colour = (255, 176, 84)


def aspect_of(prop: Prop) -> float:
    """Tell how wide a thing is for its height."""
    if prop.draw in OBJECTS:
        return OBJECTS[prop.draw][1]
    if prop.draw[:1].isdigit():
        return pictograph(prop.draw).aspect
    return drawing_of(Thing(prop.draw, "products")).aspect


def put(
    stage: Stage,
    prop: Prop,
    *,
    x: float,
    base: float,
    tall: float,
    turn: float = 0.0,
    flip: bool = False,
    shadow: bool = True,
    haze: float = 0.0,
    glow: bool = True,
) -> None:
    """Draw a thing: its foot at `x`, `base`, its height `tall`, in pixels; turned by degrees."""
    own = Canvas(stage.width, stage.height)
    pen = Pen(own, x, base, tall, flip=flip)
    dyes = dyes_for(stage.palette, colour=prop.colour or stage.palette.subject, haze=haze)
    paint_prop(pen, prop, replace(dyes, dark=dyes.dark and not prop.glows))
    if turn:
        turn_canvas(own, x, base - tall / 2, turn)
    if haze:
        _fade(own, stage, haze)
    if shadow:
        shade(stage, x, base, tall * aspect_of(prop) / 2)
    if prop.glows and glow:
        glow_of(stage.canvas, x, base - tall * 0.8, tall * 0.7, _FIRELIGHT, dark=stage.palette.dark)
    edged(stage, own, x)
    if prop.burns:
        _flames(stage, x, base, tall, aspect_of(prop))


def paint_prop(pen: Pen, prop: Prop, dyes: Dyes) -> None:
    """Draw a thing with a pen, without its shadow and light."""
    if prop.draw in OBJECTS:
        painter, _, colour = OBJECTS[prop.draw]
        tone = prop.colour or colour
        painter(pen, dyes, mix(tone, dyes.deep, 0.24 if dyes.dark else 0.04))
    elif prop.draw[:1].isdigit():
        draw_pictograph(pen, dyes, prop.draw, colour=prop.colour)
    else:
        drawing_of(Thing(prop.draw, "products")).paint(pen, dyes)


def shade(stage: Stage, x: float, base: float, half: float) -> None:
    """Ground a thing: a dark contact, and a longer shadow away from the light."""
    away = 1 if stage.light_x < x else -1
    flat = max(stage.unit * 0.7, half * 0.16)
    colour = stage.palette.shade
    stage.canvas.glow(
        x + away * half * 0.6, base + flat * 0.15, half * 1.6, flat * 1.1, colour, 0.36
    )
    stage.canvas.glow(x, base, half * 1.05, flat * 0.7, colour, 0.55)


def edged(stage: Stage, own: Canvas, x: float) -> None:
    """Add a thing's shapes with a lit edge on the side of the light."""
    rim = stage.unit * _RIM * (-1 if stage.light_x < x else 1)
    colour = mix(stage.palette.light, stage.palette.sky_low, 0.25)
    for shape in own.shapes:
        if isinstance(shape, Shape) and shape.alpha == OPAQUE:
            moved = [(px + rim, py - abs(rim) * 0.5) for px, py in shape.points]
            stage.canvas.polygon(moved, colour)
    stage.canvas.shapes.extend(own.shapes)


def turn_canvas(own: Canvas, x: float, y: float, degrees: float) -> None:
    """Turn all polygons of a canvas about a point."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    for n, shape in enumerate(own.shapes):
        if isinstance(shape, Shape):
            points = tuple(
                (x + (px - x) * cos - (py - y) * sin, y + (px - x) * sin + (py - y) * cos)
                for px, py in shape.points
            )
            own.shapes[n] = Shape(points, shape.colour, shape.alpha)


def _fade(own: Canvas, stage: Stage, haze: float) -> None:
    for n, shape in enumerate(own.shapes):
        if isinstance(shape, Shape):
            faded: Colour = mix(shape.colour, stage.palette.sky_low, haze)
            own.shapes[n] = Shape(shape.points, faded, shape.alpha)


def _flames(stage: Stage, x: float, base: float, tall: float, aspect: float) -> None:
    dyes = dyes_for(stage.palette)
    stage.canvas.glow(x, base - tall * 0.6, tall * 1.3, tall * 1.1, (255, 150, 50), 0.5)
    bright = replace(dyes, dark=False)
    for across, up, size in (
        (-0.3, 0.5, 0.5),
        (0.28, 0.45, 0.55),
        (0.0, 0.72, 0.6),
        (-0.12, 0.1, 0.34),
        (0.34, 0.08, 0.36),
    ):
        pen = Pen(stage.canvas, x + across * aspect * tall, base - up * tall, tall * size)
        draw_pictograph(pen, bright, _FLAME)
