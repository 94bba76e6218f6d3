"""Heads: hair, hats and the few lines of a face that tell what somebody feels."""

from collections.abc import Callable

from callsheet.drawing.canvas import Pen, Point
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.staging.look import Look

_TALL = 1.16  # a head is higher than wide


class _Head:
    """Draws in the units of one head: its middle is (0, 0), its half width 1."""

    def __init__(self, pen: Pen, middle: Point, radius: float) -> None:
        self._pen, self._middle, self._radius = pen, middle, radius

    def at(self, point: Point) -> Point:
        return (
            self._middle[0] + point[0] * self._radius,
            self._middle[1] + point[1] * self._radius,
        )

    def blob(self, points: tuple[Point, ...], colour: Colour, alpha: float = 1.0) -> None:
        self._pen.blob([self.at(point) for point in points], colour, alpha)

    def polygon(self, points: tuple[Point, ...], colour: Colour, alpha: float = 1.0) -> None:
        self._pen.polygon([self.at(point) for point in points], colour, alpha)

    def ellipse(
        self, x: float, y: float, across: float, up: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        middle = self.at((x, y))
        self._pen.ellipse(*middle, across * self._radius, up * self._radius, colour, alpha)

    def line(self, points: tuple[Point, ...], width: float, colour: Colour) -> None:
        self._pen.line([self.at(point) for point in points], width * self._radius, colour)


def draw_head(pen: Pen, look: Look, neck: Point, middle: Point, radius: float) -> None:
    """Draw neck, hair, face and hat; the face looks a little to the right."""
    head = _Head(pen, middle, radius)
    if look.metal:
        _robot(head, look)
        return
    if look.hair == "long":
        head.blob(
            ((-0.2, 1.24), (-0.95, 0.8), (-1.2, -0.2), (-1.25, -1.5), (-0.5, -1.75), (0.35, -1.6),
             (0.8, -1.3), (0.9, 0.4)),
            look.hair_colour,
        )  # fmt: skip
    elif look.hair == "bun":
        head.ellipse(-0.8, 0.95, 0.5, 0.5, look.hair_colour)
    pen.polygon(
        ((neck[0] - 0.03, neck[1] - 0.02), (neck[0] + 0.03, neck[1] - 0.02),
         (middle[0] + 0.022, middle[1] - radius * 0.5),
         (middle[0] - 0.034, middle[1] - radius * 0.5)),
        mix(look.skin, look.shade, 0.3),
    )  # fmt: skip
    head.ellipse(0, 0, 1, _TALL, look.skin)
    head.blob(
        ((0.55, 0.95), (0.95, 0.4), (0.98, -0.3), (0.6, -0.95), (0.2, -1.15),
         (0.5, -0.5), (0.66, 0.2)),
        mix(look.skin, look.shade, 0.22), 0.6,
    )  # fmt: skip
    _face(head, look)
    _hair(head, look)
    _HATS.get(look.hat, _bare)(head, look)


def _face(head: _Head, look: Look) -> None:
    ink = mix(look.shade, (30, 24, 24), 0.5)
    eyes = (-0.12, 0.52)
    if look.face in ("closed", "laugh"):
        rise = 0.12 if look.face == "laugh" else -0.1
        for x in eyes:
            head.line(((x - 0.17, 0.08), (x, 0.08 + rise), (x + 0.17, 0.08)), 0.075, ink)
    else:
        for x in eyes:
            head.ellipse(x, 0.08, 0.095, 0.13, ink)
    brow = {"intense": (0.42, 0.3), "worry": (0.3, 0.44)}.get(look.face, (0.38, 0.4))
    head.line(((-0.32, brow[0]), (0.02, brow[1])), 0.08, look.hair_colour)
    head.line(((0.36, brow[1]), (0.7, brow[0])), 0.08, look.hair_colour)
    head.line(((0.26, 0.1), (0.36, -0.2), (0.2, -0.24)), 0.055, mix(look.skin, look.shade, 0.45))
    if look.bearded:
        head.blob(
            ((-0.75, -0.1), (-0.6, -0.9), (0.1, -1.42), (0.7, -0.95), (0.86, -0.2), (0.62, -0.36),
             (0.2, -0.3), (-0.35, -0.4)),
            look.hair_colour,
        )  # fmt: skip
    _mouth(head, look, ink)


def _mouth(head: _Head, look: Look, ink: Colour) -> None:
    if look.face in ("open", "intense"):
        head.ellipse(0.22, -0.6, 0.24, 0.3, ink)
        head.ellipse(0.22, -0.74, 0.15, 0.12, (196, 92, 92))
    elif look.face == "laugh":
        head.blob(
            (
                (-0.16, -0.4),
                (0.2, -0.48),
                (0.58, -0.4),
                (0.44, -0.78),
                (0.2, -0.88),
                (-0.02, -0.76),
            ),
            ink,
        )
        head.polygon(
            ((-0.06, -0.44), (0.2, -0.5), (0.48, -0.44), (0.42, -0.56), (0.0, -0.56)),
            (244, 240, 234),
        )
    elif look.face == "worry":
        head.line(((0.02, -0.62), (0.22, -0.52), (0.42, -0.64)), 0.07, ink)
    else:
        head.line(((0.0, -0.54), (0.22, -0.6), (0.44, -0.52)), 0.07, mix(look.skin, ink, 0.7))


def _hair(head: _Head, look: Look) -> None:
    colour = look.hair_colour
    if look.hair == "bald":
        return
    if look.hair == "curly":
        for x, y, size in (
            (-0.9, 0.4, 0.46),
            (-0.7, 0.9, 0.52),
            (-0.15, 1.2, 0.55),
            (0.45, 1.1, 0.48),
            (0.78, 0.75, 0.36),
            (-1.0, -0.1, 0.36),
        ):
            head.ellipse(x, y, size, size, colour)
        return
    fringe = ((-0.95, 0.0), (-1.08, 0.5), (-0.72, 1.12), (-0.05, 1.3), (0.66, 1.1), (0.98, 0.62),
              (0.82, 0.56), (0.35, 0.78), (-0.3, 0.7), (-0.62, 0.4), (-0.72, -0.05))  # fmt: skip
    head.blob(fringe, colour)
    head.blob(((-0.6, 0.95), (-0.1, 1.16), (0.4, 1.06), (-0.1, 1.02)), lit(colour, 0.09))
    if look.hair == "long":
        head.blob(((-0.9, 0.4), (-0.7, 0.1), (-0.76, -0.9), (-1.0, -1.5), (-1.2, -0.6)), colour)


def _robot(head: _Head, look: Look) -> None:
    steel = look.top
    head.line(((0.0, 1.1), (0.0, 1.7)), 0.12, lit(steel, -0.1))
    head.ellipse(0.0, 1.75, 0.22, 0.22, (230, 80, 70))
    for x in (-1.15, 1.15):
        head.ellipse(x, 0.05, 0.24, 0.36, lit(steel, -0.12))
    head.polygon(((-1.08, -1.0), (1.08, -1.0), (1.08, 1.12), (-1.08, 1.12)), lit(steel, 0.06))
    head.polygon(((0.4, -1.0), (1.08, -1.0), (1.08, 1.12), (0.6, 1.12)), lit(steel, -0.06))
    head.polygon(((-0.8, -0.1), (0.9, -0.1), (0.9, 0.7), (-0.8, 0.7)), (38, 44, 58))
    for x in (-0.3, 0.46):
        head.ellipse(x, 0.3, 0.24, 0.24, (120, 226, 255))
    head.polygon(((-0.5, -0.7), (0.7, -0.7), (0.7, -0.42), (-0.5, -0.42)), (60, 68, 84))
    for n in range(4):
        head.line(((-0.32 + n * 0.28, -0.7), (-0.32 + n * 0.28, -0.42)), 0.06, steel)


def _bare(_head: _Head, _look: Look) -> None:
    """Leave the hair as it is."""


def _cap(head: _Head, look: Look) -> None:
    head.blob(
        ((-1.06, 0.5), (-0.98, 1.05), (-0.2, 1.42), (0.66, 1.2), (0.98, 0.62), (0.0, 0.66)),
        look.hat_colour,
    )
    head.blob(((0.3, 0.62), (1.0, 0.74), (1.62, 0.5), (1.0, 0.5)), lit(look.hat_colour, -0.1))


def _peaked(head: _Head, look: Look) -> None:
    head.polygon(
        ((-1.0, 0.55), (0.96, 0.55), (1.24, 1.16), (0.0, 1.5), (-1.2, 1.2)), look.hat_colour
    )
    head.polygon(
        ((-1.0, 0.5), (0.96, 0.5), (0.96, 0.72), (-1.0, 0.72)), lit(look.hat_colour, -0.12)
    )
    head.blob(((0.2, 0.52), (0.9, 0.58), (1.4, 0.36), (0.8, 0.36)), (30, 30, 36))
    head.ellipse(0.1, 1.0, 0.16, 0.16, (226, 190, 90))


def _helmet(head: _Head, look: Look) -> None:
    colour = look.hat_colour
    head.blob(
        ((-1.1, 0.48), (-1.02, 1.1), (-0.25, 1.55), (0.62, 1.36), (1.0, 0.9), (1.06, 0.5)), colour
    )
    head.polygon(((-1.42, 0.36), (1.5, 0.44), (1.42, 0.62), (-1.3, 0.6)), lit(colour, -0.1))
    head.blob(((-0.1, 0.7), (-0.2, 1.6), (0.14, 1.62), (0.3, 0.7)), lit(colour, 0.1))
    head.ellipse(0.66, 0.86, 0.2, 0.24, (250, 226, 150))


def _toque(head: _Head, look: Look) -> None:
    white = mix((246, 244, 240), look.shade, 0.06)
    for x in (-0.7, 0.0, 0.7):
        head.ellipse(x, 1.75, 0.62, 0.55, white)
    head.polygon(((-0.9, 0.55), (0.9, 0.6), (0.95, 1.7), (-0.95, 1.7)), lit(white, -0.04))


def _nurse(head: _Head, look: Look) -> None:
    white = mix((248, 247, 244), look.shade, 0.04)
    head.polygon(((-0.82, 0.8), (0.8, 0.86), (0.98, 1.5), (-0.9, 1.5)), white)
    head.polygon(((-0.1, 1.02), (0.22, 1.02), (0.22, 1.36), (-0.1, 1.36)), (206, 54, 54))
    head.polygon(((-0.24, 1.12), (0.36, 1.12), (0.36, 1.26), (-0.24, 1.26)), (206, 54, 54))


def _crown(head: _Head, _look: Look) -> None:
    gold = (232, 186, 72)
    head.polygon(
        (
            (-0.9, 0.8),
            (0.88, 0.8),
            (1.05, 1.9),
            (0.45, 1.4),
            (0.0, 2.1),
            (-0.45, 1.4),
            (-1.05, 1.9),
        ),
        gold,
    )
    head.polygon(((-0.9, 0.8), (0.88, 0.8), (0.9, 1.0), (-0.92, 1.0)), lit(gold, -0.12))
    head.ellipse(0.0, 1.32, 0.16, 0.2, (196, 52, 62))


def _hood(head: _Head, look: Look) -> None:
    colour = look.hat_colour
    head.blob(((0.5, 1.2), (-0.1, 1.46), (-0.9, 1.1), (-1.24, 0.1), (-1.0, -1.0), (-0.4, -1.3),
               (-0.72, -0.4),
               (-0.7, 0.5), (-0.1, 0.94), (0.6, 0.95)), colour)  # fmt: skip


def _beanie(head: _Head, look: Look) -> None:
    head.blob(((-1.04, 0.46), (-0.94, 1.16), (-0.1, 1.5), (0.8, 1.16), (1.0, 0.5)), look.hat_colour)
    head.polygon(
        ((-1.08, 0.4), (1.04, 0.44), (1.02, 0.74), (-1.06, 0.72)), lit(look.hat_colour, -0.09)
    )


def _wide_brim(head: _Head, look: Look) -> None:
    head.blob(((-0.85, 0.6), (-0.75, 1.35), (0.0, 1.5), (0.72, 1.35), (0.85, 0.6)), look.hat_colour)
    head.ellipse(0.0, 0.6, 1.7, 0.22, lit(look.hat_colour, -0.06))


def _scarf(head: _Head, look: Look) -> None:
    head.blob(((-0.1, 1.36), (-0.98, 0.92), (-1.22, 0.0), (-1.1, -1.3), (0.2, -1.5), (0.86, -1.0),
               (0.3, -1.06), (-0.5, -0.7), (-0.66, 0.4), (-0.1, 0.86), (0.7, 0.9)),
              look.hat_colour)  # fmt: skip


def _space(head: _Head, look: Look) -> None:
    head.ellipse(0.05, 0.0, 1.5, 1.6, (240, 242, 246))
    head.ellipse(0.3, 0.0, 1.1, 1.05, (48, 62, 92))
    head.blob(((-0.3, 0.5), (0.2, 0.8), (0.5, 0.7), (0.0, 0.4)), (160, 190, 226), 0.8)
    _ = look


_HATS: dict[str, Callable[[_Head, Look], None]] = {
    "cap": _cap,
    "peaked": _peaked,
    "helmet": _helmet,
    "toque": _toque,
    "nurse": _nurse,
    "crown": _crown,
    "hood": _hood,
    "beanie": _beanie,
    "hat": _wide_brim,
    "scarf": _scarf,
    "space": _space,
}
