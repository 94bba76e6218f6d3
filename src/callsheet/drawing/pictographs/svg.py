"""The little of SVG that emoji are drawn in: filled paths, circles and ellipses, read as polygons.

Paths follow https://www.w3.org/TR/SVG2/paths.html. Curves become points; what lies inside a path
an even number of times is a hole, as `paint` fills polygons.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from callsheet.drawing.canvas import Point
from callsheet.drawing.colours import Colour

_NUMBER = re.compile(r"[a-zA-Z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ARC_FLAGS = re.compile(
    r"([-+]?(?:\d+\.?\d*|\.\d+))[\s,]*([-+]?(?:\d+\.?\d*|\.\d+))[\s,]*"
    r"([-+]?(?:\d+\.?\d*|\.\d+))[\s,]*([01])[\s,]*([01])[\s,]*"
    r"([-+]?(?:\d+\.?\d*|\.\d+))[\s,]*([-+]?(?:\d+\.?\d*|\.\d+))[\s,]*"
)
_COMMAND = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])([^MmLlHhVvCcSsQqTtAaZz]*)")
_TAKES = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2}
_STEPS = 6
_ROUND = 28  # corners of a circle
_TURN = re.compile(r"rotate\(([-\d.]+)[\s,]*([-\d.]*)[\s,]*([-\d.]*)\)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A filled polygon of an SVG picture, in its own units."""

    points: tuple[Point, ...]
    colour: Colour
    alpha: float


def pieces_of(svg: str) -> tuple[Piece, ...]:
    """Read a picture's shapes in painting order."""
    # The files come with an installed package, never from outside: no entities, no bombs.
    root = ET.fromstring(svg)  # noqa: S314
    return tuple(_pieces(root, (0, 0, 0), 1.0))


def _pieces(parent: ET.Element, colour: Colour, alpha: float) -> Iterator[Piece]:
    for element in parent:
        kind = element.tag.rpartition("}")[2]
        if kind in ("defs", "clipPath"):
            continue
        fill = element.get("fill", "")
        own = _colour(fill) if fill.startswith("#") else colour
        seen = alpha * float(element.get("opacity", "1")) * float(element.get("fill-opacity", "1"))
        if kind == "g":
            yield from _pieces(element, own, seen)
        elif fill != "none":
            for points in _outlines(kind, element):
                yield Piece(tuple(_turned(points, element.get("transform", ""))), own, seen)


def _colour(fill: str) -> Colour:
    digits = fill[1:]
    if len(digits) == 3:  # noqa: PLR2004 - one digit for each channel
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = bytes.fromhex(digits[:6])
    return red, green, blue


def _outlines(kind: str, element: ET.Element) -> list[list[Point]]:
    if kind == "path":
        return _with_holes(list(_contours(element.get("d", ""))))
    if kind in ("circle", "ellipse"):
        x, y = float(element.get("cx", "0")), float(element.get("cy", "0"))
        across = float(element.get("rx", element.get("r", "0")))
        down = float(element.get("ry", element.get("r", "0")))
        return [
            [
                (
                    x + across * math.cos(math.tau * n / _ROUND),
                    y + down * math.sin(math.tau * n / _ROUND),
                )
                for n in range(_ROUND)
            ]
        ]
    return []


def _turned(points: list[Point], transform: str) -> list[Point]:
    match = _TURN.search(transform)
    if not match:
        return points
    angle = math.radians(float(match[1]))
    middle_x, middle_y = float(match[2] or 0), float(match[3] or 0)
    cos, sin = math.cos(angle), math.sin(angle)
    return [
        (
            middle_x + (x - middle_x) * cos - (y - middle_y) * sin,
            middle_y + (x - middle_x) * sin + (y - middle_y) * cos,
        )
        for x, y in points
    ]


def _with_holes(contours: list[list[Point]]) -> list[list[Point]]:
    """Join each hole to the outline around it, there and back over a seam of no width."""
    outer: list[list[Point]] = []
    for contour in contours:
        around = next((other for other in outer if _inside(contour[0], other)), None)
        if around is None:
            outer.append(list(contour))
        else:
            anchor = min(range(len(around)), key=lambda n: math.dist(around[n], contour[0]))
            around[anchor + 1 : anchor + 1] = [*contour, contour[0], around[anchor]]
    return outer


def _inside(point: Point, outline: list[Point]) -> bool:
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(outline, [*outline[1:], outline[0]], strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def _contours(path: str) -> Iterator[list[Point]]:
    current: list[Point] = []
    at: Point = (0.0, 0.0)
    control: Point = at
    for letter, rest in _COMMAND.findall(path):
        if letter in "Zz":
            if current:
                at = current[0]
                yield current
                current = []
            continue
        for number, values in enumerate(_arguments(letter, rest)):
            command = letter
            if letter in "Mm":
                if number == 0 and len(current) > 1:
                    yield current
                if number == 0:
                    current = []
                command = "L" if letter == "M" else "l"
            if not current and number + (letter not in "Mm"):
                current.append(at)
            ends, control = _segment(command, values, at, control)
            current.extend(ends)
            at = ends[-1]
    if len(current) > 1:
        yield current


def _arguments(letter: str, rest: str) -> Iterator[list[float]]:
    if letter in "Aa":
        for match in _ARC_FLAGS.finditer(rest):
            yield [float(value) for value in match.groups()]
        return
    numbers = [float(value) for value in _NUMBER.findall(rest)]
    takes = _TAKES[letter.upper()]
    for start in range(0, len(numbers) - takes + 1, takes):
        yield numbers[start : start + takes]


def _segment(  # noqa: PLR0911 - one for each command
    command: str, values: list[float], at: Point, control: Point
) -> tuple[list[Point], Point]:
    """Follow one command; answers its points and the control point that a smooth one mirrors."""
    dx, dy = at if command.islower() else (0.0, 0.0)
    kind = command.upper()
    if kind == "H":
        return [(values[0] + dx, at[1])], (values[0] + dx, at[1])
    if kind == "V":
        return [(at[0], values[0] + dy)], (at[0], values[0] + dy)
    if kind == "A":
        end = values[5] + dx, values[6] + dy
        return _arc(at, values, end), end
    pairs = [(values[n] + dx, values[n + 1] + dy) for n in range(0, len(values), 2)]
    mirrored = (2 * at[0] - control[0], 2 * at[1] - control[1])
    if kind == "L":
        return pairs, pairs[0]
    if kind == "C":
        return _cubic(at, *pairs), pairs[1]
    if kind == "S":
        return _cubic(at, mirrored, *pairs), pairs[0]
    if kind == "T":
        pairs = [mirrored, *pairs]
    middle, end = pairs
    first = at[0] + (middle[0] - at[0]) * 2 / 3, at[1] + (middle[1] - at[1]) * 2 / 3
    second = end[0] + (middle[0] - end[0]) * 2 / 3, end[1] + (middle[1] - end[1]) * 2 / 3
    return _cubic(at, first, second, end), middle


def _cubic(start: Point, first: Point, second: Point, end: Point) -> list[Point]:
    points = []
    for step in range(1, _STEPS + 1):
        t = step / _STEPS
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        points.append(
            (
                a * start[0] + b * first[0] + c * second[0] + d * end[0],
                a * start[1] + b * first[1] + c * second[1] + d * end[1],
            )
        )
    return points


def _arc(start: Point, values: list[float], end: Point) -> list[Point]:
    """Follow an elliptical arc (SVG 2, appendix B.2.4)."""
    across, down, turn, large, sweep = values[:5]
    across, down = abs(across), abs(down)
    if not across or not down or start == end:
        return [end]
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    half_x, half_y = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    x, y = cos * half_x + sin * half_y, cos * half_y - sin * half_x
    grow = math.sqrt(max(1.0, (x / across) ** 2 + (y / down) ** 2))
    across, down = across * grow, down * grow
    under = (across * y) ** 2 + (down * x) ** 2
    root = math.sqrt(max(0.0, ((across * down) ** 2 - under) / under))
    root = -root if large == sweep else root
    centre_x, centre_y = root * across * y / down, -root * down * x / across
    middle_x = cos * centre_x - sin * centre_y + (start[0] + end[0]) / 2
    middle_y = sin * centre_x + cos * centre_y + (start[1] + end[1]) / 2
    first = math.atan2((y - centre_y) / down, (x - centre_x) / across)
    last = math.atan2((-y - centre_y) / down, (-x - centre_x) / across)
    if sweep and last < first:
        last += math.tau
    elif not sweep and last > first:
        last -= math.tau
    steps = max(2, math.ceil(abs(last - first) / 0.35))
    points = []
    for step in range(1, steps + 1):
        angle = first + (last - first) * step / steps
        px, py = across * math.cos(angle), down * math.sin(angle)
        points.append((middle_x + cos * px - sin * py, middle_y + sin * px + cos * py))
    return points
