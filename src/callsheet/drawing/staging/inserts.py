"""Inserts: hands at work from close by, and things that fill the frame."""

from dataclasses import replace

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import Colour, lightness, lit, mix
from callsheet.drawing.pictographs.shapes import draw_pictograph
from callsheet.drawing.stage import Stage
from callsheet.drawing.staging.acting import hand, prop_named
from callsheet.drawing.staging.things import aspect_of, put
from callsheet.drawing.story import Prop, Story, is_animal
from callsheet.drawing.subjects.dyes import dyes_for

_RIGHT, _LEFT, _DOWN, _UP, _PINCH, _WRITE, _FIST = (
    "1faf1",
    "1faf2",
    "1faf3",
    "1faf4",
    "1f90f",
    "270d",
    "270a",
)
_BURNS_FROM = 3  # metres: a house, not what stands before it
_FIRELIGHT: Colour = (255, 176, 84)
_CLOTH_HUES: tuple[Colour, ...] = ((232, 214, 222), (206, 190, 160), (60, 84, 132), (176, 92, 84))


def insert(stage: Stage, story: Story) -> None:
    """Draw hands and what they do, on what lies before them."""
    action = next((name for name in story.actions if name in _HANDS), "")
    cloth = any(prop.draw == "stitch" for prop in story.props)
    if cloth:
        _linen(stage, story)
    else:
        _surface(stage)
    if cloth and action in ("", "sew", "grip"):
        _stitching(stage, story)
    else:
        _HANDS.get(action, _reaching)(stage, story)


def _surface(stage: Stage) -> None:
    """Draw the table or counter that an insert looks down upon."""
    palette = stage.palette
    top = 0.4 * stage.height
    wood = mix(
        mix((186, 138, 96), palette.light, 0.14), palette.shade, 0.4 if palette.dark else 0.08
    )
    stage.canvas.rectangle(0, top, stage.width, stage.height, wood)
    stage.canvas.rectangle(0, top, stage.width, top + stage.unit, lit(wood, 0.07))
    for n in range(1, 7):
        y = top + (stage.height - top) * (n / 7) ** 1.5
        stage.canvas.rectangle(0, y, stage.width, y + stage.unit * 0.25, lit(wood, -0.06), 0.6)
    stage.canvas.glow(
        stage.light_x,
        top + 0.2 * stage.height,
        stage.width * 0.5,
        0.4 * stage.height,
        palette.light,
        0.3,
    )


def _linen(stage: Stage, story: Story) -> None:
    colour = next(
        (prop.colour for prop in story.props if prop.draw == "fabric" and prop.colour), None
    )
    tone = mix(colour or (240, 236, 226), stage.palette.shade, 0.25 if stage.palette.dark else 0.03)
    stage.canvas.rectangle(0, 0, stage.width, stage.height, lit(tone, -0.02))
    step = stage.unit * 2.2
    for n in range(int(stage.width / step) + 1):
        stage.canvas.rectangle(
            n * step, 0, n * step + stage.unit * 0.2, stage.height, lit(tone, -0.06), 0.5
        )
    for n in range(int(stage.height / step) + 1):
        stage.canvas.rectangle(
            0, n * step, stage.width, n * step + stage.unit * 0.2, lit(tone, -0.05), 0.5
        )
    for x, y in ((0.1, 0.9), (0.75, 0.16)):
        stage.canvas.glow(
            x * stage.width,
            y * stage.height,
            stage.width * 0.36,
            0.3 * stage.height,
            lit(tone, -0.12),
            0.4,
        )


def _stitching(stage: Stage, _story: Story) -> None:
    """Draw one row of stitches with gaps, the needle at its end, and the hand that leads it."""
    thread: Colour = mix((196, 48, 58), stage.palette.shade, 0.1)
    y, left, right = 0.52 * stage.height, 0.07 * stage.width, 0.62 * stage.width
    count = 9
    step = (right - left) / count
    for n in range(count):
        x = left + n * step
        stage.canvas.stroke(
            ((x, y + stage.unit * 0.5), (x + step * 0.58, y + stage.unit * 0.5)),
            stage.unit * 1.5,
            lit(thread, -0.3),
            0.25,
        )
        stage.canvas.stroke(((x, y), (x + step * 0.58, y)), stage.unit * 1.5, thread)
        for hole in (x, x + step * 0.58):
            stage.canvas.ellipse(hole, y, stage.unit * 0.6, stage.unit * 0.6, lit(thread, -0.22))
    put(
        stage,
        Prop("needle", "needle", 0.06, "held"),
        x=0.7 * stage.width,
        base=y + 0.2 * stage.height,
        tall=0.4 * stage.height,
        turn=78,
        shadow=False,
    )
    hand(stage, _PINCH, x=0.86 * stage.width, y=y + 0.06 * stage.height, size=0.34 * stage.height,
         flip=True, wrist=(1.06 * stage.width, 0.86 * stage.height))  # fmt: skip


def _writing(stage: Stage, story: Story) -> None:
    paper = next(
        (prop for prop in story.props if prop.draw == "contract"),
        Prop("paper", "contract", 0.3, "table"),
    )
    put(stage, paper, x=0.46 * stage.width, base=0.97 * stage.height, tall=0.7 * stage.height)
    x, y, size = 0.6 * stage.width, 0.66 * stage.height, 0.46 * stage.height
    sleeve: Colour = mix((47, 59, 84), stage.palette.shade, 0.1)
    hand(
        stage,
        _WRITE,
        x=x,
        y=y,
        size=size,
        wrist=(1.04 * stage.width, 1.02 * stage.height),
        sleeve=sleeve,
    )


def _giving(stage: Stage, story: Story) -> None:
    thing = _main(story)
    tall = 0.42 * stage.height
    size = 0.34 * stage.height
    y = 0.56 * stage.height
    reach = 0.6 * aspect_of(thing) * tall + size * 0.3
    middle = 0.5 * stage.width
    hand(
        stage,
        _RIGHT,
        x=middle - reach,
        y=y + 0.02 * stage.height,
        size=size,
        wrist=(-0.1 * stage.width, 0.74 * stage.height),
    )
    put(stage, thing, x=middle, base=0.78 * stage.height, tall=tall)
    sleeve: Colour = mix((78, 104, 92), stage.palette.shade, 0.1)
    hand(
        stage,
        _LEFT,
        x=middle + reach,
        y=y - 0.02 * stage.height,
        size=size,
        wrist=(1.1 * stage.width, 0.66 * stage.height),
        sleeve=sleeve,
    )


def _gripping(stage: Stage, story: Story) -> None:
    thing = _main(story)
    rest = [prop for prop in story.props if prop.draw != thing.draw]
    for n, other in enumerate(rest[:2]):
        tall = min(0.3, 0.56 / aspect_of(other)) * stage.height
        put(stage, other, x=(0.3 + 0.3 * n) * stage.width, base=0.9 * stage.height, tall=tall)
    put(
        stage,
        thing,
        x=0.46 * stage.width,
        base=0.82 * stage.height,
        tall=0.66 * stage.height,
        turn=24,
        shadow=False,
    )
    hand(
        stage,
        _PINCH,
        x=0.68 * stage.width,
        y=0.44 * stage.height,
        size=0.42 * stage.height,
        flip=True,
        wrist=(1.08 * stage.width, 0.9 * stage.height),
    )


def _pouring(stage: Stage, story: Story) -> None:
    vessel = next(
        (prop for prop in story.props if prop.draw in ("bowl", "mug", "bottle", "vase", "1fad6")),
        Prop("jug", "bowl", 0.14, "held"),
    )
    into = next(
        (prop for prop in story.props if prop.draw != vessel.draw),
        Prop("pan", "pan", 0.08, "table"),
    )
    liquid: Colour = (240, 212, 144) if vessel.draw == "bowl" else (120, 78, 48)
    liquid = mix(liquid, stage.palette.shade, 0.2 if stage.palette.dark else 0.02)
    tall = min(0.32, 0.78 / aspect_of(into)) * stage.height
    middle = 0.42 * stage.width
    foot = 0.94 * stage.height
    put(stage, into, x=middle, base=foot, tall=tall)
    bowl_x, bowl_y = 0.56 * stage.width, 0.32 * stage.height
    lip = bowl_x - 0.17 * stage.height
    level = foot - tall * 0.6
    stage.canvas.polygon(
        (
            (lip - stage.unit * 2.4, bowl_y + 2 * stage.unit),
            (lip + stage.unit * 4, bowl_y + 5 * stage.unit),
            (middle + stage.unit * 1.4, level),
            (middle - stage.unit * 1.6, level),
        ),
        liquid,
    )
    stage.canvas.ellipse(middle, level, stage.unit * 9, stage.unit * 1.6, lit(liquid, 0.03))
    put(
        stage,
        vessel,
        x=bowl_x,
        base=bowl_y + 0.14 * stage.height,
        tall=0.26 * stage.height,
        turn=-38,
        shadow=False,
    )
    hand(
        stage,
        _LEFT,
        x=0.71 * stage.width,
        y=0.3 * stage.height,
        size=0.3 * stage.height,
        turn=10,
        wrist=(1.08 * stage.width, 0.42 * stage.height),
    )


def _screwing(stage: Stage, story: Story) -> None:
    palette = stage.palette
    if any(prop.draw == "sink" for prop in story.props):
        _under_sink(stage)
    bolts = next(
        (prop for prop in story.props if prop.draw == "1f529"), Prop("bolt", "1f529", 0.05, "table")
    )
    count = max(1, min(3, bolts.count))
    spots = [(0.42 + 0.2 * (n - (count - 1) / 2)) * stage.width for n in range(count)]
    for x in spots:
        put(
            stage,
            bolts,
            x=x,
            base=0.56 * stage.height,
            tall=0.2 * stage.height,
            turn=-45,
            shadow=False,
        )
    tool = next((prop for prop in story.props if prop.draw == "1f527"), prop_named("wrench"))
    if tool is not None:
        put(
            stage,
            tool,
            x=spots[-1] + 0.1 * stage.width,
            base=0.7 * stage.height,
            tall=0.42 * stage.height,
            turn=84,
            shadow=False,
        )
    hand(
        stage,
        _FIST,
        x=spots[-1] + 0.1 * stage.width + 0.13 * stage.height,
        y=0.66 * stage.height,
        size=0.27 * stage.height,
        turn=-70,
        wrist=(1.06 * stage.width, 0.84 * stage.height),
    )
    hand(
        stage,
        _RIGHT,
        x=spots[0] - 0.14 * stage.width,
        y=0.58 * stage.height,
        size=0.24 * stage.height,
        wrist=(-0.1 * stage.width, 0.8 * stage.height),
    )
    bucket = next((prop for prop in story.props if prop.draw == "1faa3"), None)
    if bucket is not None:
        x = 0.42 * stage.width
        put(stage, bucket, x=x, base=0.99 * stage.height, tall=0.34 * stage.height)
        for n in range(5):
            y = (0.5 + 0.035 * n) * stage.height
            stage.canvas.ellipse(
                x, y, stage.unit * 0.7, stage.unit * 1.3, mix((120, 180, 226), palette.light, 0.2)
            )


def _under_sink(stage: Stage) -> None:
    """Draw a sink from below: its bowl, the trap, the cabinet around it."""
    palette = stage.palette
    inner = mix((120, 106, 96), palette.shade, 0.35)
    stage.canvas.rectangle(0, 0, stage.width, stage.height, inner)
    stage.canvas.rectangle(0, 0.86 * stage.height, stage.width, stage.height, lit(inner, 0.06))
    steel = mix((186, 196, 206), palette.shade, 0.15)
    stage.canvas.polygon(
        (
            (0.08 * stage.width, 0),
            (0.78 * stage.width, 0),
            (0.68 * stage.width, 0.26 * stage.height),
            (0.18 * stage.width, 0.26 * stage.height),
        ),
        steel,
    )
    stage.canvas.polygon(
        (
            (0.5 * stage.width, 0),
            (0.78 * stage.width, 0),
            (0.68 * stage.width, 0.26 * stage.height),
            (0.5 * stage.width, 0.26 * stage.height),
        ),
        lit(steel, -0.08),
    )
    pipe = lit(steel, -0.03)
    middle = 0.42 * stage.width
    half = 0.035 * stage.width
    stage.canvas.rectangle(
        middle - half, 0.26 * stage.height, middle + half, 0.5 * stage.height, pipe
    )
    stage.canvas.rectangle(
        middle - half * 1.6,
        0.3 * stage.height,
        middle + half * 1.6,
        0.36 * stage.height,
        lit(pipe, 0.08),
    )
    stage.canvas.rectangle(
        middle - 0.22 * stage.width,
        0.38 * stage.height,
        middle + 0.22 * stage.width,
        0.46 * stage.height,
        lit(pipe, -0.06),
    )
    stage.canvas.rectangle(
        0.9 * stage.width, 0.1 * stage.height, 0.93 * stage.width, 0.7 * stage.height, pipe
    )


def _reaching(stage: Stage, story: Story) -> None:
    props = [prop for prop in story.props if not is_animal(prop.draw)][:4] or [
        Prop("phone", "phone", 0.16, "held")
    ]
    for n, prop in enumerate(props):
        tall = min(0.5, 0.66 / aspect_of(prop)) * stage.height / (1 if len(props) < 3 else 1.4)  # noqa: PLR2004
        x = (0.44 + 0.24 * (n - (len(props) - 1) / 2)) * stage.width
        put(stage, prop, x=x, base=0.84 * stage.height, tall=tall)
    hand(
        stage,
        _LEFT,
        x=0.78 * stage.width,
        y=0.62 * stage.height,
        size=0.34 * stage.height,
        wrist=(1.1 * stage.width, 0.84 * stage.height),
    )


def _cutting(stage: Stage, story: Story) -> None:
    rest = [prop for prop in story.props if prop.draw != "1f52a"][:3]
    board = mix((214, 172, 118), stage.palette.shade, 0.1)
    stage.canvas.polygon(
        (
            (0.14 * stage.width, 0.92 * stage.height),
            (0.74 * stage.width, 0.92 * stage.height),
            (0.68 * stage.width, 0.6 * stage.height),
            (0.2 * stage.width, 0.6 * stage.height),
        ),
        board,
    )
    for n, prop in enumerate(rest):
        put(
            stage,
            prop,
            x=(0.36 + 0.16 * n) * stage.width,
            base=0.84 * stage.height,
            tall=0.26 * stage.height,
        )
    put(
        stage,
        Prop("knife", "1f52a", 0.3, "held"),
        x=0.62 * stage.width,
        base=0.76 * stage.height,
        tall=0.36 * stage.height,
        turn=20,
        shadow=False,
    )
    hand(
        stage,
        _FIST,
        x=0.76 * stage.width,
        y=0.48 * stage.height,
        size=0.28 * stage.height,
        turn=-60,
        wrist=(1.06 * stage.width, 0.7 * stage.height),
    )


def _kneading(stage: Stage, story: Story) -> None:
    thing = next(
        (prop for prop in story.props if prop.draw == "dough"),
        Prop("dough", "dough", 0.12, "table"),
    )
    put(stage, thing, x=0.5 * stage.width, base=0.86 * stage.height, tall=0.3 * stage.height)
    hand(
        stage,
        _DOWN,
        x=0.34 * stage.width,
        y=0.5 * stage.height,
        size=0.32 * stage.height,
        wrist=(-0.06 * stage.width, 0.2 * stage.height),
    )
    hand(
        stage,
        _DOWN,
        x=0.66 * stage.width,
        y=0.5 * stage.height,
        size=0.32 * stage.height,
        flip=True,
        wrist=(1.06 * stage.width, 0.2 * stage.height),
    )


def _main(story: Story) -> Prop:
    return next(
        (prop for prop in story.props if prop.at == "held"),
        next(iter(story.props), Prop("cup", "mug", 0.1, "held")),
    )


_HANDS = {
    "write": _writing, "give": _giving, "take": _giving, "grip": _gripping, "pour": _pouring,
    "unscrew": _screwing, "build": _screwing, "sew": _gripping, "cut": _cutting, "stir": _reaching,
    "knead": _kneading, "hold": _reaching, "reach": _reaching,
}  # fmt: skip


def screen(stage: Stage, story: Story) -> None:
    """Draw a phone so large that one reads what arrives on it."""
    tall = stage.height * 1.06
    half = tall * 0.27
    middle, top = stage.plan.subject_x * stage.width * 0.4 + 0.3 * stage.width, 0.05 * stage.height
    canvas = stage.canvas
    stage.canvas.glow(
        middle, 0.5 * stage.height, half * 3, stage.height * 0.7, stage.palette.light, 0.35
    )
    canvas.polygon(
        _rounded(middle - half, top, middle + half, top + tall, half * 0.2), (26, 28, 36)
    )
    inner = half * 0.9
    face: Colour = (238, 240, 246)
    canvas.polygon(
        _rounded(middle - inner, top + half * 0.1, middle + inner, top + tall, half * 0.14), face
    )
    canvas.rectangle(
        middle - inner,
        top + half * 0.36,
        middle + inner,
        top + half * 1.0,
        mix((88, 64, 140), stage.palette.accent, 0.3),
    )
    canvas.ellipse(middle, top + half * 0.68, half * 0.2, half * 0.2, (250, 210, 120))
    canvas.polygon(
        _rounded(
            middle - half * 0.24,
            top + half * 0.16,
            middle + half * 0.24,
            top + half * 0.27,
            half * 0.05,
        ),
        (26, 28, 36),
    )
    bubbles: tuple[Colour, ...] = (
        (255, 255, 255),
        (116, 170, 250),
        (255, 255, 255),
        (255, 255, 255),
        (116, 170, 250),
    )
    y = top + half * 1.14
    for n, colour in enumerate(bubbles):
        wide = inner * (1.15, 0.9, 1.3, 0.8, 1.1)[n]
        own = colour[0] < 200  # noqa: PLR2004 - the blue ones are one's own
        left = middle + inner * 0.9 - wide if own else middle - inner * 0.62
        if not own:
            canvas.ellipse(
                middle - inner * 0.78,
                y + half * 0.13,
                half * 0.1,
                half * 0.1,
                ((240, 150, 120), (130, 190, 150), (190, 150, 220))[n % 3],
            )
        canvas.polygon(_rounded(left, y, left + wide, y + half * 0.27, half * 0.1), colour)
        ink: Colour = (255, 255, 255) if own else (120, 126, 142)
        canvas.rectangle(
            left + half * 0.1, y + half * 0.08, left + wide * 0.8, y + half * 0.12, ink
        )
        canvas.rectangle(
            left + half * 0.1, y + half * 0.16, left + wide * 0.55, y + half * 0.2, ink
        )
        y += half * 0.37
    if any(prop.draw == "2764" for prop in story.props):
        dyes = replace(dyes_for(stage.palette), dark=False)
        for n in range(9):
            x = middle + half * (0.5 + 0.9 * stage.dice.random()) * (1 if n % 3 else -1)
            up = (0.92 - 0.095 * n) * stage.height
            draw_pictograph(
                Pen(canvas, x, up, stage.height * (0.07 + 0.06 * stage.dice.random())), dyes, "2764"
            )


def _rounded(
    left: float, top: float, right: float, bottom: float, radius: float
) -> list[tuple[float, float]]:
    from math import cos, pi, sin  # noqa: PLC0415

    corners = (
        (right - radius, top + radius, -pi / 2),
        (right - radius, bottom - radius, 0.0),
        (left + radius, bottom - radius, pi / 2),
        (left + radius, top + radius, pi),
    )
    return [
        (x + radius * cos(start + pi / 2 * n / 6), y + radius * sin(start + pi / 2 * n / 6))
        for x, y, start in corners
        for n in range(7)
    ]


def chart(stage: Stage, _story: Story) -> None:
    """Draw a rising bar chart with its axes and an arrow."""
    palette = stage.palette
    left, right, floor, top = (
        0.16 * stage.width,
        0.86 * stage.width,
        0.86 * stage.height,
        0.16 * stage.height,
    )
    paper: Colour = mix((250, 250, 248), palette.shade, 0.4 if palette.dark else 0.0)
    stage.canvas.rectangle(0, 0, stage.width, stage.height, paper)
    for n in range(5):
        y = floor - (floor - top) * (n + 1) / 5.4
        stage.canvas.rectangle(left, y, right, y + stage.unit * 0.25, (206, 208, 214))
    count = 5
    step = (right - left) / count
    points = []
    for n in range(count):
        tall = (floor - top) * (0.24 + 0.155 * n)
        x = left + step * (n + 0.22)
        accent = palette.accent if lightness(palette.accent) < 0.8 else (44, 128, 140)  # noqa: PLR2004 - else unseen
        colour = accent if n == count - 1 else mix(accent, (150, 156, 170), 0.55)
        stage.canvas.rectangle(x, floor - tall, x + step * 0.56, floor, colour)
        stage.canvas.rectangle(
            x + step * 0.42, floor - tall, x + step * 0.56, floor, lit(colour, -0.06)
        )
        points.append((x + step * 0.28, floor - tall - 5 * stage.unit))
    stage.canvas.stroke(points, stage.unit * 1.1, (52, 56, 70))
    (x1, y1), (x2, y2) = points[-2:]
    stage.canvas.polygon(
        (
            (x2 + stage.unit * 3.4, y2 - stage.unit * 2.2),
            (x2 - stage.unit * 3, y2 - stage.unit * 1.4),
            (x2 - stage.unit * 0.6, y2 + stage.unit * 3),
        ),
        (52, 56, 70),
    )
    _ = x1, y1
    stage.canvas.rectangle(left - stage.unit * 0.6, top, left, floor, (52, 56, 70))
    stage.canvas.rectangle(
        left - stage.unit * 0.6, floor, right, floor + stage.unit * 0.6, (52, 56, 70)
    )


def still(stage: Stage, story: Story) -> None:
    """Arrange things that nobody handles: one large, many in rows, cloths and needles laid out."""
    props = list(story.props)
    fabrics = next((prop for prop in props if prop.draw == "fabric"), None)
    if fabrics is not None:
        _laid_out(stage, story, fabrics)
        return
    if any(prop.count >= 8 for prop in props):  # noqa: PLR2004 - too many to stand in a line
        _wall_of(stage, props)
        return
    _line_up(stage, story, props)


def _laid_out(stage: Stage, story: Story, fabrics: Prop) -> None:
    _surface(stage)
    count = max(2, fabrics.count)
    for n in range(count):
        colour = fabrics.colour if fabrics.colour and n == 0 else _CLOTH_HUES[n % 4]
        x = (n + 0.6) / (count + 0.2) * stage.width
        put(
            stage,
            replace(fabrics, colour=colour),
            x=x,
            base=0.96 * stage.height,
            tall=0.3 * stage.height,
        )
    others = [prop for prop in story.props if prop.draw != "fabric"]
    for prop in others[:1]:
        several = 4 if story.graded else max(1, min(5, prop.count))
        for n in range(several):
            tall = (0.28 + 0.09 * n if several > 1 else 0.5) * stage.height
            x = (0.24 + 0.52 * n / max(1, several - 1) if several > 1 else 0.5) * stage.width
            put(stage, prop, x=x, base=0.6 * stage.height, tall=tall, turn=8, shadow=False)
    hand(
        stage,
        _LEFT,
        x=0.9 * stage.width,
        y=0.36 * stage.height,
        size=0.24 * stage.height,
        wrist=(1.2 * stage.width, 0.5 * stage.height),
    )


def _wall_of(stage: Stage, props: list[Prop]) -> None:
    board = mix(stage.palette.shade, stage.palette.ground, 0.4)
    rows = 3
    for row in range(rows):
        y = (0.36 + 0.27 * row) * stage.height
        stage.canvas.rectangle(0, y, stage.width, y + 2.2 * stage.unit, lit(board, 0.05))
        stage.canvas.rectangle(
            0, y + 2.2 * stage.unit, stage.width, y + 3.2 * stage.unit, lit(board, -0.05)
        )
        if any(prop.glows for prop in props):
            middle, across = stage.width / 2, stage.width * 0.62
            stage.canvas.glow(
                middle, y - 0.14 * stage.height, across, 0.2 * stage.height, _FIRELIGHT, 0.42
            )
        count = max(6, round(stage.width / stage.height * 5))
        for n in range(count):
            prop = props[(n * 2 + row) % len(props)] if (n + row) % 3 == 0 else props[0]
            tall = (0.16 + 0.05 * stage.dice.random()) * stage.height
            x = (n + 0.5 + 0.3 * (stage.dice.random() - 0.5)) / count * stage.width
            put(stage, prop, x=x, base=y + 0.4 * stage.unit, tall=tall, shadow=False, glow=False)


def _line_up(stage: Stage, story: Story, props: list[Prop]) -> None:
    plan = stage.plan
    grounded = [
        prop for prop in props if prop.at not in ("sky", "hang", "under", "screen")
    ] or props
    main = (
        max(grounded, key=lambda prop: (prop.at != "held", prop.metres))
        if len(grounded) > 1
        else grounded[0]
    )
    rest = [prop for prop in grounded if prop is not main]
    small = main.metres <= 0.5  # noqa: PLR2004 - such things stand on a table
    if (
        small
        and plan.size not in ("wide", "extreme_wide")
        and plan.setting not in ("sea", "field", "forest", "pier")
    ):
        _surface(stage)
        base = 0.9
    else:
        base = max(0.9, plan.horizon + 0.2)
    scale = {"extreme_wide": 0.24, "wide": 0.4, "close": 0.72, "extreme_close": 0.86}.get(
        plan.size, 0.6
    )
    count = max(1, min(7, main.count))
    aspect = aspect_of(main)
    tall = min(scale, 0.8 * stage.width / stage.height / (aspect * count * 1.08)) * stage.height
    wide = tall * aspect * 1.08
    middle = (0.5 if count > 1 or not rest else plan.subject_x) * stage.width
    burns = story.burning and main.metres > _BURNS_FROM
    for n in range(count):
        graded = 0.55 + 0.45 * (n + 1) / count if story.graded else 1.0
        put(stage, replace(main, burns=burns), x=middle + (n - (count - 1) / 2) * wide,
            base=base * stage.height, tall=tall * graded)  # fmt: skip
    free = 1 - plan.subject_x
    for n, prop in enumerate(rest[:3]):
        size = min(
            tall * 0.7, max(0.16 * stage.height, tall * prop.metres / max(main.metres, 0.05))
        )
        for m in range(max(1, min(3, prop.count))):
            x = (free + (n + m * 0.5 - 0.3) * 0.16 * (1 if plan.on_left else -1)) * stage.width
            put(stage, prop, x=x, base=(base + 0.03) * stage.height, tall=size)
