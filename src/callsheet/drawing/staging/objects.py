"""Things that no emoji shows well enough: instruments, tools, furniture, screens, cloth."""

import math
from collections.abc import Callable

from callsheet.drawing.canvas import Pen
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.subjects.dyes import Dyes

Painter = Callable[[Pen, Dyes, Colour], None]
_STEEL: Colour = (156, 166, 178)
_WOOD: Colour = (158, 108, 68)
_PAPER: Colour = (246, 243, 235)
_INK: Colour = (54, 58, 72)
_GOLD: Colour = (222, 178, 76)


def microphone(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw a hand microphone, its head up."""
    pen.polygon(((-0.09, 0), (0.09, 0), (0.15, 0.62), (-0.15, 0.62)), colour)
    pen.polygon(((0.02, 0), (0.09, 0), (0.15, 0.62), (0.05, 0.62)), lit(colour, -0.08))
    pen.box(-0.18, 0.6, 0.18, 0.68, (210, 212, 218))
    pen.ellipse(0, 0.84, 0.22, 0.2, (112, 118, 130))
    pen.ellipse(-0.06, 0.88, 0.1, 0.09, (176, 182, 192), 0.8)


def phone(pen: Pen, dyes: Dyes, _colour: Colour) -> None:
    """Draw a phone from behind: what the camera sees of one that is held up."""
    pen.box(-0.26, 0, 0.26, 1, (34, 36, 44))
    pen.box(-0.23, 0.03, 0.23, 0.97, (62, 66, 80))
    pen.ellipse(-0.1, 0.84, 0.07, 0.07, (20, 20, 26))
    pen.ellipse(0.08, 0.84, 0.05, 0.05, dyes.glow)


def needle(pen: Pen, _dyes: Dyes, _colour: Colour) -> None:
    """Draw a needle, point down, a thread through its eye."""
    pen.polygon(((0, 0), (0.035, 0.6), (0.04, 0.94), (0, 1), (-0.04, 0.94), (-0.035, 0.6)), _STEEL)
    pen.polygon(((0, 0), (0.035, 0.6), (0.04, 0.94), (0.01, 0.98)), lit(_STEEL, -0.12))
    pen.ellipse(0, 0.9, 0.014, 0.045, (48, 48, 56))
    pen.line(((0, 0.9), (0.2, 0.96), (0.36, 0.78), (0.54, 0.86), (0.7, 0.66)), 0.016, (196, 62, 66))


def disc(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw a flat piece of rubber."""
    pen.ellipse(0, 0.42, 1.0, 0.42, lit(colour, -0.14))
    pen.ellipse(0, 0.54, 1.0, 0.42, colour)
    pen.ellipse(0, 0.54, 0.82, 0.33, lit(colour, 0.05))
    for n in range(9):
        angle = math.tau * n / 9
        pen.ellipse(
            0.5 * math.cos(angle), 0.54 + 0.2 * math.sin(angle), 0.07, 0.03, lit(colour, -0.08)
        )


def fabric(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw a folded piece of cloth."""
    for n in range(4):
        tone = lit(colour, 0.05 - 0.05 * (n % 2))
        low = n * 0.22
        pen.blob(
            (
                (-0.7, low + 0.04),
                (-0.66, low + 0.24),
                (0.62, low + 0.26),
                (0.74, low + 0.14),
                (0.64, low),
            ),
            tone,
        )
    for n in range(12):
        x = -0.58 + n * 0.1
        pen.line(((x, 0.82), (x + 0.03, 0.88)), 0.012, lit(colour, 0.16), 0.7)


def bowl(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw a mixing bowl."""
    pen.blob(
        ((-1.0, 0.92), (-0.86, 0.36), (-0.42, 0.02), (0.42, 0.02), (0.86, 0.36), (1.0, 0.92)),
        colour,
    )
    pen.blob(((0.2, 0.9), (0.3, 0.1), (0.5, 0.06), (0.88, 0.4), (1.0, 0.9)), lit(colour, -0.08))
    pen.ellipse(0, 0.92, 1.0, 0.16, lit(colour, 0.08))
    pen.ellipse(0, 0.9, 0.88, 0.11, (240, 214, 150))


def pan(pen: Pen, _dyes: Dyes, _colour: Colour) -> None:
    """Draw a frying pan with a round of batter that is golden at its edge."""
    iron: Colour = (58, 60, 68)
    pen.polygon(((1.7, 0.66), (3.6, 0.98), (3.64, 0.78), (1.75, 0.42)), (92, 62, 46))
    pen.ellipse(0, 0.42, 1.95, 0.46, lit(iron, -0.05))
    pen.ellipse(0, 0.62, 1.95, 0.46, lit(iron, 0.1))
    pen.ellipse(0, 0.6, 1.78, 0.39, iron)
    pen.ellipse(0, 0.6, 1.5, 0.31, (206, 138, 54))
    pen.ellipse(0, 0.61, 1.34, 0.265, (242, 214, 142))
    for x, y in ((-0.6, 0.64), (-0.1, 0.54), (0.5, 0.66), (0.15, 0.7), (0.8, 0.56)):
        pen.ellipse(x, y, 0.07, 0.022, (222, 178, 96))


def dough(pen: Pen, _dyes: Dyes, _colour: Colour) -> None:
    """Draw a lump of dough on a dusting of flour."""
    pen.ellipse(0, 0.02, 1.9, 0.16, (250, 248, 242), 0.8)
    pen.blob(
        ((-1.1, 0.04), (-1.0, 0.52), (-0.4, 0.9), (0.3, 0.82), (0.95, 0.56), (1.15, 0.06), (0, 0)),
        (238, 216, 172),
    )
    pen.blob(((0.2, 0.06), (0.5, 0.66), (0.95, 0.54), (1.13, 0.08)), (214, 186, 138))
    pen.blob(((-0.5, 0.6), (-0.2, 0.5), (0.1, 0.62), (-0.2, 0.7)), (250, 234, 200))


def drill(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw an auger for ice: grip, motor, screw with its point down."""
    pen.box(-0.24, 0.93, 0.24, 0.98, (40, 42, 50))
    pen.box(-0.13, 0.72, 0.13, 0.95, colour)
    pen.box(0.02, 0.72, 0.13, 0.95, lit(colour, -0.1))
    pen.box(-0.03, 0.0, 0.03, 0.74, _STEEL)
    for n in range(8):
        y = 0.05 + n * 0.08
        pen.polygon(
            ((-0.11, y + 0.05), (0.11, y), (0.11, y + 0.025), (-0.11, y + 0.075)), lit(_STEEL, -0.1)
        )
    pen.polygon(((-0.05, 0.03), (0.05, 0.03), (0, -0.03)), lit(_STEEL, -0.2))


def net(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw a heap of fishing net with floats, its meshes open."""
    pen.blob(
        ((-1.4, 0), (-1.1, 0.5), (-0.5, 0.86), (0.2, 0.74), (0.8, 0.98), (1.2, 0.5), (1.5, 0)),
        colour,
        0.35,
    )
    for n in range(15):
        x = -1.3 + n * 0.19
        top = 0.85 - abs(x) * 0.42
        pen.line(((x, 0), (x + 0.2, top * 0.6), (x + 0.1, top)), 0.03, colour)
        pen.line(((x + 0.24, 0), (x, top * 0.5), (x + 0.16, top)), 0.03, colour)
    for y in (0.2, 0.42, 0.62):
        half = 1.3 - y * 0.9
        pen.line(((-half, y), (0, y + 0.08), (half, y)), 0.028, colour)
    for x, y in ((-1.2, 0.3), (-0.5, 0.86), (0.3, 0.8), (0.95, 0.72), (1.4, 0.1)):
        pen.ellipse(x, y, 0.12, 0.09, (226, 110, 58))


def press(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw an old printing press: frame, cylinder, flywheel, sheets running out of it."""
    iron = mix(colour, (52, 54, 62), 0.75)
    pen.box(-0.72, 0.0, -0.6, 0.5, lit(iron, -0.05))
    pen.box(0.5, 0.0, 0.62, 0.5, lit(iron, -0.05))
    pen.box(-0.8, 0.36, 0.72, 0.5, iron)
    pen.box(-0.46, 0.5, -0.34, 1.0, iron)
    pen.box(0.22, 0.5, 0.34, 1.0, iron)
    pen.box(-0.52, 0.9, 0.4, 1.0, lit(iron, 0.05))
    pen.ellipse(-0.06, 0.66, 0.22, 0.22, lit(_STEEL, -0.06))
    pen.ellipse(-0.06, 0.66, 0.15, 0.15, lit(_STEEL, 0.06))
    pen.ellipse(-0.06, 0.66, 0.04, 0.04, iron)
    pen.line(((-0.06, 0.9), (-0.06, 0.84)), 0.05, _GOLD)
    for across, tone in ((0.36, iron), (0.3, mix(iron, (200, 180, 150), 0.35))):
        pen.ellipse(0.6, 0.62, across, across, tone)
    for n in range(4):
        angle = math.pi * n / 4 + 0.3
        dx, dy = 0.33 * math.cos(angle), 0.33 * math.sin(angle)
        pen.line(((0.6 - dx, 0.62 - dy), (0.6 + dx, 0.62 + dy)), 0.035, iron)
    pen.ellipse(0.6, 0.62, 0.07, 0.07, _GOLD)
    pen.polygon(
        ((-0.28, 0.6), (-0.9, 0.46), (-1.22, 0.5), (-1.22, 0.56), (-0.9, 0.53), (-0.26, 0.68)),
        _PAPER,
    )
    for n in range(6):
        low = 0.06 + n * 0.03
        pen.polygon(
            ((-1.32, low), (-0.86, low), (-0.8, low + 0.05), (-1.26, low + 0.05)),
            lit(_PAPER, -0.04 * (n % 2)),
        )
    for n in range(4):
        pen.line(((-1.14 + n * 0.06, 0.53), (-1.0 + n * 0.06, 0.51)), 0.012, _INK)


def throne(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw a throne: tall back with a point, padded, on two steps."""
    pen.box(-0.56, 0.0, 0.56, 0.08, lit(_WOOD, -0.1))
    pen.box(-0.48, 0.08, 0.48, 0.14, lit(_WOOD, -0.02))
    pen.polygon(
        (
            (-0.38, 0.14),
            (0.38, 0.14),
            (0.38, 0.84),
            (0.2, 0.92),
            (0, 1.04),
            (-0.2, 0.92),
            (-0.38, 0.84),
        ),
        _GOLD,
    )
    pen.polygon(
        (
            (-0.29, 0.3),
            (0.29, 0.3),
            (0.29, 0.8),
            (0.14, 0.86),
            (0, 0.94),
            (-0.14, 0.86),
            (-0.29, 0.8),
        ),
        colour,
    )
    for x, y in ((-0.38, 0.88), (0.38, 0.88), (0, 1.07)):
        pen.ellipse(x, y, 0.045, 0.045, lit(_GOLD, 0.1))
    pen.box(-0.44, 0.3, 0.44, 0.38, colour)
    for x in (-0.46, 0.4):
        pen.box(x, 0.14, x + 0.08, 0.52, _GOLD)
        pen.ellipse(x + 0.04, 0.53, 0.07, 0.05, lit(_GOLD, 0.06))


def chess(pen: Pen, _dyes: Dyes, _colour: Colour) -> None:
    """Draw a small table with a chess board and its men."""
    pen.box(-0.06, 0.0, 0.06, 0.6, lit(_WOOD, -0.12))
    pen.box(-0.3, 0.0, 0.3, 0.05, lit(_WOOD, -0.12))
    pen.polygon(((-0.62, 0.58), (0.62, 0.58), (0.5, 0.76), (-0.5, 0.76)), (240, 226, 196))
    for row in range(4):
        y1, y2 = 0.58 + row * 0.045, 0.58 + (row + 1) * 0.045
        half1, half2 = 0.62 - row * 0.03, 0.62 - (row + 1) * 0.03
        for column in range(8):
            if (row + column) % 2:
                continue
            left, right = column / 4 - 1, (column + 1) / 4 - 1
            pen.polygon(
                ((left * half1, y1), (right * half1, y1), (right * half2, y2), (left * half2, y2)),
                (92, 62, 48),
            )
    pen.box(-0.64, 0.53, 0.64, 0.58, _WOOD)
    for x, y, tall, tone in (
        (-0.46, 0.66, 0.24, 0), (-0.34, 0.62, 0.16, 0), (-0.2, 0.7, 0.2, 0), (-0.06, 0.64, 0.15, 0),
        (0.1, 0.7, 0.16, 1), (0.22, 0.62, 0.2, 1), (0.36, 0.68, 0.16, 1), (0.48, 0.64, 0.25, 1),
    ):  # fmt: skip
        colour: Colour = (44, 40, 46) if tone else (250, 246, 236)
        pen.polygon(
            (
                (x - 0.05, y),
                (x + 0.05, y),
                (x + 0.018, y + tall * 0.7),
                (x - 0.018, y + tall * 0.7),
            ),
            colour,
        )
        pen.ellipse(x, y + tall * 0.78, 0.035, 0.035, colour)


def mirror(pen: Pen, dyes: Dyes, _colour: Colour) -> None:
    """Draw a tall standing mirror; what it shows is drawn into it by the caller."""
    pen.box(-0.29, 0.02, 0.29, 1.0, lit(_WOOD, -0.04))
    pen.box(-0.25, 0.06, 0.25, 0.96, mix((196, 212, 222), dyes.glow, 0.25))
    pen.polygon(((-0.25, 0.5), (-0.05, 0.96), (0.06, 0.96), (-0.25, 0.3)), (255, 255, 255), 0.3)
    pen.box(-0.36, 0.0, -0.26, 0.03, lit(_WOOD, -0.12))
    pen.box(0.26, 0.0, 0.36, 0.03, lit(_WOOD, -0.12))


def umbrella(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw an open umbrella; its grip is at the base."""
    pen.line(((0, 0), (0, 0.94)), 0.03, (64, 54, 50))
    rim = [
        (-0.78, 0.5),
        (-0.52, 0.58),
        (-0.26, 0.5),
        (0, 0.58),
        (0.26, 0.5),
        (0.52, 0.58),
        (0.78, 0.5),
    ]
    dome = [
        (0.78 * math.cos(math.pi * n / 14), 0.5 + 0.46 * math.sin(math.pi * n / 14))
        for n in range(15)
    ]
    pen.polygon([*dome, *rim], colour)
    pen.polygon(
        ((0, 0.96), (0.26, 0.5), (0.52, 0.58), (0.78, 0.5), (0.66, 0.76), (0.36, 0.92)),
        lit(colour, -0.08),
    )
    pen.polygon(((0, 0.96), (-0.26, 0.5), (-0.52, 0.58), (-0.4, 0.9)), lit(colour, 0.06))
    pen.line(((0, 0.95), (0, 1.02)), 0.03, (64, 54, 50))


def paper_cup(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw a paper cup of coffee with its lid and sleeve."""
    pen.polygon(((-0.27, 0), (0.27, 0), (0.36, 0.86), (-0.36, 0.86)), (244, 240, 232))
    pen.polygon(((0.08, 0), (0.27, 0), (0.36, 0.86), (0.12, 0.86)), (216, 208, 196))
    pen.polygon(
        ((-0.305, 0.26), (0.305, 0.26), (0.338, 0.62), (-0.338, 0.62)),
        mix(colour, (146, 96, 58), 0.6),
    )
    pen.box(-0.4, 0.84, 0.4, 0.92, (250, 248, 244))
    pen.polygon(((-0.34, 0.92), (0.34, 0.92), (0.3, 1.0), (-0.3, 1.0)), (234, 230, 222))


def contract(pen: Pen, _dyes: Dyes, _colour: Colour) -> None:
    """Draw a sheet seen from the desk: lines of text, a rule to sign on, a signature begun."""
    pen.polygon(((-1.0, 0.0), (0.92, 0.0), (0.7, 1.0), (-0.66, 1.0)), _PAPER)
    pen.polygon(((-0.42, 0.86), (0.16, 0.86), (0.16, 0.92), (-0.4, 0.92)), _INK)
    for n in range(6):
        y = 0.76 - n * 0.075
        half = 0.6 + n * 0.035
        pen.line(((-half, y), (half * (0.94 - 0.12 * (n % 3)), y)), 0.02, (168, 172, 184))
    pen.line(((-0.72, 0.16), (0.6, 0.16)), 0.012, _INK)
    pen.line(
        (
            (-0.66, 0.2),
            (-0.56, 0.34),
            (-0.52, 0.17),
            (-0.42, 0.3),
            (-0.36, 0.18),
            (-0.22, 0.28),
            (-0.1, 0.19),
            (0.04, 0.24),
        ),
        0.016,
        (40, 66, 150),
    )


def pen_tool(pen: Pen, _dyes: Dyes, colour: Colour) -> None:
    """Draw a fountain pen, its nib down."""
    pen.box(-0.05, 0.2, 0.05, 1.0, colour)
    pen.box(-0.055, 0.5, 0.055, 0.54, _GOLD)
    pen.polygon(((-0.045, 0.2), (0.045, 0.2), (0, 0)), _GOLD)


def lute(pen: Pen, _dyes: Dyes, _colour: Colour) -> None:
    """Draw an oud: a pear of wood, a rose, a short neck whose head is bent back."""
    dark: Colour = (92, 54, 34)
    pen.box(-0.05, 0.56, 0.05, 0.96, dark)
    pen.polygon(((-0.05, 0.94), (0.05, 0.94), (0.24, 1.04), (0.2, 1.1)), dark)
    pen.blob(
        (
            (0, 0.66),
            (0.14, 0.56),
            (0.27, 0.34),
            (0.24, 0.12),
            (0, 0.0),
            (-0.24, 0.12),
            (-0.27, 0.34),
            (-0.14, 0.56),
        ),
        (186, 122, 66),
    )
    pen.blob(
        ((0.05, 0.63), (0.14, 0.56), (0.27, 0.34), (0.24, 0.12), (0.06, 0.02), (0.16, 0.3)),
        (150, 92, 48),
    )
    pen.ellipse(0, 0.36, 0.085, 0.085, dark)
    pen.box(-0.11, 0.13, 0.11, 0.16, dark)
    for x in (-0.024, 0.0, 0.024):
        pen.line(((x, 0.15), (x, 0.95)), 0.007, (240, 226, 190))


def puddle(pen: Pen, dyes: Dyes, _colour: Colour) -> None:
    """Draw a puddle with the sky in it and rings on it."""
    water = mix((118, 150, 178), dyes.glow, 0.3)
    pen.ellipse(0, 0, 5.2, 0.95, mix(water, dyes.deep, 0.35))
    pen.ellipse(0, 0.05, 5.0, 0.86, water)
    pen.ellipse(-1.2, 0.15, 2.2, 0.3, lit(water, 0.1), 0.8)
    for x, y in ((1.8, -0.1), (-2.6, -0.2)):
        pen.ellipse(x, y, 0.9, 0.2, lit(water, 0.14), 0.7)
        pen.ellipse(x, y, 0.6, 0.12, water)


def gull(pen: Pen, dyes: Dyes, _colour: Colour) -> None:
    """Draw a gull on the wing, seen from below."""
    white = mix((250, 250, 248), dyes.deep, 0.1)
    pen.blob(
        ((-1.3, 0.72), (-0.7, 0.98), (-0.16, 0.56), (0.0, 0.36), (-0.3, 0.5), (-0.7, 0.74)), white
    )
    pen.blob(
        ((1.3, 0.72), (0.7, 0.98), (0.16, 0.56), (0.0, 0.36), (0.3, 0.5), (0.7, 0.74)),
        lit(white, -0.09),
    )
    pen.polygon(((-1.3, 0.72), (-1.0, 0.9), (-0.98, 0.76)), (70, 74, 84))
    pen.polygon(((1.3, 0.72), (1.0, 0.9), (0.98, 0.76)), (70, 74, 84))
    pen.ellipse(0, 0.42, 0.3, 0.15, white)
    pen.ellipse(0.3, 0.5, 0.12, 0.1, white)
    pen.polygon(((0.4, 0.52), (0.54, 0.46), (0.4, 0.46)), (240, 170, 60))


OBJECTS: dict[str, tuple[Painter, float, Colour]] = {
    "microphone": (microphone, 0.44, (40, 42, 50)),
    "phone": (phone, 0.52, (40, 42, 50)),
    "needle": (needle, 0.3, _STEEL),
    "disc": (disc, 2.0, (214, 84, 72)),
    "fabric": (fabric, 1.45, (92, 120, 168)),
    "bowl": (bowl, 2.0, (206, 212, 218)),
    "pan": (pan, 4.4, (58, 60, 68)),
    "dough": (dough, 2.3, (238, 216, 172)),
    "drill": (drill, 0.4, (214, 92, 44)),
    "net": (net, 2.9, (70, 130, 120)),
    "press": (press, 2.2, (60, 62, 70)),
    "throne": (throne, 1.1, (150, 40, 52)),
    "chess": (chess, 1.3, _WOOD),
    "mirror": (mirror, 0.62, _WOOD),
    "umbrella": (umbrella, 1.56, (206, 60, 66)),
    "paper_cup": (paper_cup, 0.8, (146, 96, 58)),
    "contract": (contract, 1.9, _PAPER),
    "pen": (pen_tool, 0.12, (34, 44, 86)),
    "lute": (lute, 0.56, (186, 122, 66)),
    "puddle": (puddle, 10.0, (118, 150, 178)),
    "gull": (gull, 2.6, (250, 250, 248)),
}
