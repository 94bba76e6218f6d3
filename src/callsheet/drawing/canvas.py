"""A list of flat shapes, painted with smooth edges at any size.

Pillow draws polygons with hard edges. Shapes are kept as numbers and painted in bands at two to
four times the size, then averaged down: smooth at 256 pixels, sharp at 4,096, memory bounded.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from PIL import Image, ImageDraw

from callsheet.drawing.colours import Colour

Point = tuple[float, float]

_BAND_PIXELS = 1 << 22  # painted at once, before averaging down
OPAQUE = 255
_TRIANGLE = 3  # fewer corners have no inside, fewer points no curve
_SMALL, _MIDDLING = 400, 700  # pixels; small pictures show every step of an edge
_SOFT_SIDE = 128
_MASK_FINER = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """A filled polygon; `alpha` is 0 to 255."""

    points: tuple[Point, ...]
    colour: Colour
    alpha: int = OPAQUE


@dataclass(frozen=True, slots=True)
class Spot:
    """A soft oval of colour, `alpha` in its middle, nothing at its edge."""

    x: float
    y: float
    across: float
    down: float
    colour: Colour
    alpha: float


@dataclass(slots=True)
class Canvas:
    """Shapes in the order they are painted, in pixels of a `width` by `height` picture."""

    width: float
    height: float
    shapes: list[Shape | Spot] = field(default_factory=list)

    def polygon(self, points: Iterable[Point], colour: Colour, alpha: float = 1.0) -> None:
        """Add a polygon; `alpha` is 0 to 1."""
        corners = tuple(points)
        if len(corners) >= _TRIANGLE and alpha > 0:
            self.shapes.append(Shape(corners, colour, min(OPAQUE, round(alpha * OPAQUE))))

    def rectangle(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        colour: Colour,
        alpha: float = 1.0,
    ) -> None:
        """Add an upright rectangle."""
        self.polygon(((left, top), (right, top), (right, bottom), (left, bottom)), colour, alpha)

    def ellipse(
        self, x: float, y: float, across: float, down: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        """Add an ellipse by its centre and half axes."""
        self.polygon(ring(x, y, across, down), colour, alpha)

    def stroke(
        self, points: Sequence[Point], width: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        """Add a line of even width through `points`."""
        self.polygon(ribbon(points, width), colour, alpha)

    def glow(
        self, x: float, y: float, across: float, down: float, colour: Colour, alpha: float
    ) -> None:
        """Add a soft spot by its centre and half axes."""
        self.shapes.append(Spot(x, y, across, down, colour, min(1.0, alpha)))


def ring(x: float, y: float, across: float, down: float) -> list[Point]:
    """Spell an ellipse as a polygon, with corners enough for its size."""
    count = max(12, min(96, int(3 * math.sqrt(max(abs(across), abs(down), 1.0)))))
    return [
        (x + across * math.cos(math.tau * n / count), y + down * math.sin(math.tau * n / count))
        for n in range(count)
    ]


def smooth(points: Sequence[Point], *, closed: bool = True, steps: int = 7) -> list[Point]:
    """Run a curve through points (Catmull-Rom)."""
    count = len(points)
    if closed:
        around = [points[(n - 1) % count] for n in range(count + 3)]
        spans = count
    else:
        around = [points[0], *points, points[-1]]
        spans = count - 1
    curve: list[Point] = []
    for n in range(spans):
        curve.extend(_span(around[n], around[n + 1], around[n + 2], around[n + 3], steps))
    if not closed:
        curve.append(points[-1])
    return curve


def _span(before: Point, start: Point, end: Point, after: Point, steps: int) -> list[Point]:
    return [
        (
            a * before[0] + b * start[0] + c * end[0] + d * after[0],
            a * before[1] + b * start[1] + c * end[1] + d * after[1],
        )
        for a, b, c, d in _weights(steps)
    ]


@lru_cache(maxsize=8)
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    """Tell how much each of four points counts, at every step of the way."""
    weights = []
    for step in range(steps):
        t = step / steps
        a = -0.5 * t**3 + t**2 - 0.5 * t
        b = 1.5 * t**3 - 2.5 * t**2 + 1
        c = -1.5 * t**3 + 2 * t**2 + 0.5 * t
        d = 0.5 * t**3 - 0.5 * t**2
        weights.append((a, b, c, d))
    return tuple(weights)


def ribbon(points: Sequence[Point], width: float) -> list[Point]:
    """Spell a line of even width as a polygon."""
    left: list[Point] = []
    right: list[Point] = []
    last = len(points) - 1
    for n, (x, y) in enumerate(points):
        ahead, behind = points[min(n + 1, last)], points[max(n - 1, 0)]
        dx, dy = ahead[0] - behind[0], ahead[1] - behind[1]
        length = math.hypot(dx, dy) or 1.0
        across, down = -dy / length * width / 2, dx / length * width / 2
        left.append((x + across, y + down))
        right.append((x - across, y - down))
    return [*left, *reversed(right)]


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws in the units of one thing: its base centre is (0, 0), up is positive, its height is 1.

    `flip` mirrors it left to right, so that light and pose can follow the composition.
    """

    canvas: Canvas
    x: float
    y: float
    height: float
    flip: bool = False
    slant: float = 0.0  # how far the top leans, in heights

    def at(self, point: Point) -> Point:
        """Turn a point of the thing into a point of the picture."""
        across = -point[0] if self.flip else point[0]
        return (
            self.x + (across + self.slant * point[1]) * self.height,
            self.y - point[1] * self.height,
        )

    def polygon(self, points: Iterable[Point], colour: Colour, alpha: float = 1.0) -> None:
        """Add a polygon with straight sides."""
        self.canvas.polygon([self.at(point) for point in points], colour, alpha)

    def blob(self, points: Sequence[Point], colour: Colour, alpha: float = 1.0) -> None:
        """Add a closed curve through points."""
        self.canvas.polygon([self.at(point) for point in smooth(points)], colour, alpha)

    def box(
        self,
        left: float,
        bottom: float,
        right: float,
        top: float,
        colour: Colour,
        alpha: float = 1.0,
    ) -> None:
        """Add an upright rectangle."""
        self.polygon(((left, bottom), (right, bottom), (right, top), (left, top)), colour, alpha)

    def ellipse(
        self, x: float, y: float, across: float, up: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        """Add an ellipse."""
        middle = self.at((x, y))
        self.canvas.ellipse(*middle, across * self.height, up * self.height, colour, alpha)

    def line(
        self, points: Sequence[Point], width: float, colour: Colour, alpha: float = 1.0
    ) -> None:
        """Add a line through points, with a curve where there are more than two."""
        path = smooth(points, closed=False) if len(points) >= _TRIANGLE else points
        self.canvas.stroke([self.at(point) for point in path], width * self.height, colour, alpha)

    def glow(
        self, x: float, y: float, across: float, up: float, colour: Colour, alpha: float
    ) -> None:
        """Add a soft spot."""
        middle = self.at((x, y))
        self.canvas.glow(*middle, across * self.height, up * self.height, colour, alpha)


def paint(image: Image.Image, canvas: Canvas) -> None:
    """Paint the shapes onto an RGB image, which may be smaller or larger than the canvas."""
    ratio = image.width / canvas.width
    finer = _finer(max(image.size))
    rows = max(16, _BAND_PIXELS // (image.width * finer * finer))
    bounds = [(shape, *_extent(shape, ratio)) for shape in canvas.shapes]
    for top in range(0, image.height, rows):
        bottom = min(image.height, top + rows)
        inside = [shape for shape, first, last in bounds if first < bottom and last > top]
        if inside:
            _paint_band(image, (top, bottom), inside, ratio, finer)


def _finer(side: int) -> int:
    if side <= _SMALL:
        return 4
    return 3 if side <= _MIDDLING else 2


def _extent(shape: Shape | Spot, ratio: float) -> tuple[float, float]:
    if isinstance(shape, Spot):
        return (shape.y - shape.down) * ratio, (shape.y + shape.down) * ratio
    heights = [y for _, y in shape.points]
    return min(heights) * ratio - 1, max(heights) * ratio + 1


def _paint_band(
    image: Image.Image,
    rows: tuple[int, int],
    shapes: Sequence[Shape | Spot],
    ratio: float,
    finer: int,
) -> None:
    top, bottom = rows
    band = image.crop((0, top, image.width, bottom))
    large = band.resize((band.width * finer, band.height * finer), Image.Resampling.NEAREST)
    solid, glaze = ImageDraw.Draw(large, "RGB"), ImageDraw.Draw(large, "RGBA")
    scale, shift = ratio * finer, top * finer
    for shape in shapes:
        if isinstance(shape, Spot):
            _paint_spot(large, shape, scale, shift)
            continue
        points = [(x * scale, y * scale - shift) for x, y in shape.points]
        if shape.alpha == OPAQUE:
            solid.polygon(points, shape.colour)
        else:
            glaze.polygon(points, (*shape.colour, shape.alpha))
    image.paste(large.reduce(finer), (0, top))


def _paint_spot(large: Image.Image, spot: Spot, scale: float, shift: float) -> None:
    left, top = (spot.x - spot.across) * scale, (spot.y - spot.down) * scale - shift
    wide, tall = 2 * spot.across * scale, 2 * spot.down * scale
    x1, x2 = max(0, int(left)), min(large.width, int(left + wide) + 1)
    y1, y2 = max(0, int(top)), min(large.height, int(top + tall) + 1)
    if x2 <= x1 or y2 <= y1:
        return
    side = _SOFT_SIDE - 1
    box = (
        max(0.0, (x1 - left) / wide * side),
        max(0.0, (y1 - top) / tall * side),
        min(float(_SOFT_SIDE), (x2 - left) / wide * side + 1),
        min(float(_SOFT_SIDE), (y2 - top) / tall * side + 1),
    )
    mask = _falloff(round(spot.alpha * OPAQUE)).resize(
        (x2 - x1, y2 - y1), Image.Resampling.BILINEAR, box=box
    )
    large.paste(spot.colour, (x1, y1, x2, y2), mask)


@lru_cache(maxsize=64)
def _falloff(peak: int) -> Image.Image:
    """Make a soft round mask: full in the middle, easing to nothing at its rim."""
    spot = Image.radial_gradient("L").resize((_SOFT_SIDE, _SOFT_SIDE), Image.Resampling.BOX)
    # The gradient reaches 181 at the middle of each side, 255 only in the corners.
    return spot.point([round(peak * max(0.0, 1 - value / 181) ** 1.6) for value in range(256)])


def plate(
    image: Image.Image,
    box: tuple[float, float, float, float],
    radius: float,
    colour: Colour,
    opacity: float = 1.0,
) -> None:
    """Paint a rectangle with smooth round corners; `box` is left, top, right, bottom."""
    left, top = round(box[0]), round(box[1])
    size = max(1, round(box[2]) - left), max(1, round(box[3]) - top)
    image.paste(colour, (left, top), rounded_mask(size, radius, opacity))


@lru_cache(maxsize=4)
def rounded_mask(size: tuple[int, int], radius: float, opacity: float = 1.0) -> Image.Image:
    """Make a mask with smooth round corners, to look at only: the next caller gets the same."""
    large = Image.new("L", (size[0] * _MASK_FINER, size[1] * _MASK_FINER))
    ImageDraw.Draw(large).rounded_rectangle(
        (0, 0, large.width - 1, large.height - 1),
        radius=radius * _MASK_FINER,
        fill=round(opacity * OPAQUE),
    )
    return large.reduce(_MASK_FINER)
