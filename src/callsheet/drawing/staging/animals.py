"""Animals that do something: jump, run, sit on a throne, wear a coat or a crown."""

from callsheet.drawing.canvas import Canvas, Pen
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.pictographs.shapes import draw_pictograph, pictograph
from callsheet.drawing.reading import Thing
from callsheet.drawing.stage import Stage
from callsheet.drawing.staging.things import edged, put, shade, turn_canvas
from callsheet.drawing.story import Prop, Story
from callsheet.drawing.subjects import drawing_of
from callsheet.drawing.subjects.dyes import Dyes, dyes_for
from callsheet.drawing.words import table_of

_FACES = frozenset("🦁🐺🦊🐻🐼🐯🐸🐰🐱🐶🐨🐵🐷🐮🐔🐭🐹🐴🦝")
_DOG = "1f415"
_CROWN = "1f451"
_DYED: Colour = (236, 200, 64)


def draw_animal(
    stage: Stage, prop: Prop, story: Story, *, x: float, base: float, metre: float
) -> None:
    """Draw an animal as the one who acts; `metre` is a metre of it, of the frame's height."""
    alone = not story.people
    tall = min(0.62, max(0.34 if alone else 0.12, prop.metres * metre * (1.25 if alone else 1.0)))
    size, foot, middle = tall * stage.height, base * stage.height, x * stage.width
    seat = next((other for other in story.props if other.at == "seat"), None)
    under = next((other for other in story.props if other.at == "under"), None)
    lift, turn = 0.0, 0.0
    if under is not None:
        put(stage, under, x=middle, base=foot, tall=0.07 * stage.height, shadow=False)
    if prop.action in ("jump", "run", "dance"):
        lift, turn = 0.2 * stage.height, (14 if stage.plan.mirrored else -14)
    if prop.action == "run":
        lift = 0.04 * stage.height
    flip = not stage.plan.mirrored
    count = max(1, min(4, prop.count))
    if seat is not None:
        put(stage, seat, x=middle, base=foot, tall=0.72 * stage.height)
        foot -= 0.21 * stage.height
        size = 0.42 * stage.height
    for n in range(count):
        at = middle + (n - (count - 1) / 2) * size * 1.2
        own = Canvas(stage.width, stage.height)
        pen = Pen(own, at, foot - lift, size, flip=flip)
        shade(stage, at, foot, size * 0.4)
        dyes = dyes_for(stage.palette)
        if prop.draw[:1].isdigit() and chr(int(prop.draw, 16)) in _FACES:
            _seated(pen, prop, dyes)
        elif prop.draw[:1].isdigit():
            draw_pictograph(pen, dyes, prop.draw, colour=prop.colour, turn=0.0)
            if prop.draw == _DOG:
                _coat(pen, prop, dyes)
        else:
            drawing_of(Thing(prop.draw, "nature")).paint(
                pen, dyes_for(stage.palette, colour=prop.colour or (168, 124, 84))
            )
        if turn:
            turn_canvas(own, at, foot - lift - size / 2, turn)
        edged(stage, own, at)


def _seated(pen: Pen, prop: Prop, dyes: Dyes) -> None:
    """Draw a whole animal under the face that the emoji set has: seated, seen from the front."""
    coat = _coat_colour(prop, dyes)
    low = lit(coat, -0.07)
    pen.line(((0.2, 0.06), (0.44, 0.08), (0.5, 0.26)), 0.05, coat)
    pen.ellipse(0.52, 0.3, 0.06, 0.06, lit(coat, -0.2))
    pen.blob(
        (
            (-0.3, 0.0),
            (-0.34, 0.22),
            (-0.24, 0.52),
            (0, 0.6),
            (0.24, 0.52),
            (0.34, 0.22),
            (0.3, 0.0),
        ),
        coat,
    )
    pen.blob(((-0.14, 0.02), (-0.16, 0.3), (0, 0.46), (0.16, 0.3), (0.14, 0.02)), lit(coat, 0.09))
    for side in (-1, 1):
        pen.ellipse(side * 0.28, 0.1, 0.15, 0.13, low)
        pen.blob(
            (
                (side * 0.2, 0.46),
                (side * 0.22, 0.1),
                (side * 0.2, 0.02),
                (side * 0.06, 0.02),
                (side * 0.06, 0.12),
                (side * 0.07, 0.44),
            ),
            coat,
        )
        pen.ellipse(side * 0.13, 0.03, 0.09, 0.04, low)
    head = Pen(pen.canvas, pen.x, pen.y - pen.height * 0.42, pen.height * 0.56, pen.flip)
    draw_pictograph(head, dyes, prop.draw)
    if any(_hat(name) == "crown" for name, _ in prop.worn):
        draw_pictograph(
            Pen(pen.canvas, pen.x, pen.y - pen.height * 0.9, pen.height * 0.24), dyes, _CROWN
        )


def _coat_colour(prop: Prop, dyes: Dyes) -> Colour:
    tone = prop.colour or (pictograph(prop.draw).main if prop.draw != "1f981" else (222, 168, 84))
    return mix(tone, dyes.deep, 0.3 if dyes.dark else 0.05)


def _hat(name: str) -> str:
    hat: str = table_of("garments").get(name, {}).get("hat", "")
    return hat


def _coat(pen: Pen, prop: Prop, dyes: Dyes) -> None:
    """Dress the dog of the emoji set, which stands and looks to the left."""
    said = next(
        (
            (name, colour)
            for name, colour in prop.worn
            if table_of("garments").get(name, {}).get("garment")
        ),
        None,
    )
    if any(_hat(name) == "crown" for name, _ in prop.worn):
        draw_pictograph(
            Pen(pen.canvas, pen.at((-0.28, 0))[0], pen.y - pen.height * 0.94, pen.height * 0.2),
            dyes,
            _CROWN,
        )
    if said is None:
        return
    tone = mix(said[1] or _DYED, dyes.deep, 0.28 if dyes.dark else 0.03)
    pen.blob(
        (
            (-0.2, 0.66),
            (-0.06, 0.7),
            (0.3, 0.64),
            (0.4, 0.5),
            (0.36, 0.3),
            (0.1, 0.27),
            (-0.14, 0.24),
            (-0.24, 0.4),
        ),
        tone,
    )
    pen.blob(
        ((-0.14, 0.24), (-0.2, 0.36), (0.1, 0.36), (0.38, 0.4), (0.36, 0.3), (0.1, 0.27)),
        lit(tone, -0.09),
    )
    pen.blob(((-0.28, 0.6), (-0.16, 0.78), (-0.02, 0.7), (-0.12, 0.5)), lit(tone, 0.05))
    pen.line(((0.02, 0.3), (0.04, 0.68)), 0.018, lit(tone, -0.14))
