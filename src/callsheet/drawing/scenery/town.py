"""Streets and roads."""

from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.scenery.parts import clouds, ground, hills, stars, sun
from callsheet.drawing.stage import Stage

_NEON = ((255, 70, 150), (60, 220, 255), (255, 196, 70), (150, 110, 255))
_DARK_WINDOWS = 0.3  # of all windows
_NIGHT_SIGNS = 0.5  # of all fronts


def city(stage: Stage) -> None:
    """Draw a street between rows of buildings that run to a vanishing point."""
    palette = stage.palette
    if palette.dark and "rain" not in stage.reading.weather:
        stars(stage, 30)
    clouds(stage, 3)
    if not palette.dark:
        sun(stage)
    _skyline(stage, palette.far, 0.25, 12)
    _skyline(stage, palette.middle, 0.36, 8)
    ground(stage, mix(palette.ground, palette.shade, 0.35))
    _street(stage)
    for side in (-1, 1):
        _row(stage, side)


def _vanishing(stage: Stage) -> float:
    return stage.width * (0.58 if stage.plan.on_left else 0.42)


def _skyline(stage: Stage, colour: Colour, tall: float, count: int) -> None:
    for n in range(count):
        left = (n + stage.dice.uniform(-0.2, 0.2)) / count * stage.width
        wide = stage.width / count * stage.dice.uniform(0.7, 1.15)
        top = stage.horizon - stage.dice.uniform(0.35, 1.0) * tall * stage.height
        stage.canvas.rectangle(left, top, left + wide, stage.horizon + 1, colour)
        _windows(stage, (left, top, left + wide, stage.horizon), colour)


def _windows(stage: Stage, box: tuple[float, float, float, float], colour: Colour) -> None:
    left, top, right, bottom = box
    columns, rows = 4, min(9, int((bottom - top) / (stage.unit * 3)))
    lamp = stage.palette.light if stage.palette.dark else lit(colour, 0.07)
    across = (right - left) / (columns * 2 + 1)
    for row in range(rows):
        for column in range(columns):
            if stage.dice.random() < (0.45 if stage.palette.dark else 0.6):
                x = left + across * (2 * column + 1)
                y = top + stage.unit * (1.6 + 3 * row)
                stage.canvas.rectangle(x, y, x + across, y + stage.unit * 1.3, lamp, 0.6)


def _street(stage: Stage) -> None:
    middle, top, bottom = _vanishing(stage), stage.horizon, stage.height
    half = stage.width * 0.62
    road = lit(stage.palette.shade, 0.08)
    stage.canvas.polygon(
        (
            (middle - stage.unit, top),
            (middle + stage.unit, top),
            (middle + half, bottom),
            (middle - half, bottom),
        ),
        road,
    )
    for n in range(6):
        near, far = ((n + 1) / 6) ** 2, ((n + 0.45) / 6) ** 2
        y1, y2 = top + (bottom - top) * far, top + (bottom - top) * near
        w1, w2 = stage.unit * (0.15 + 1.3 * far), stage.unit * (0.15 + 1.3 * near)
        stage.canvas.polygon(
            ((middle - w1, y1), (middle + w1, y1), (middle + w2, y2), (middle - w2, y2)),
            mix(road, stage.palette.light, 0.5), 0.7,
        )  # fmt: skip


def _row(stage: Stage, side: int) -> None:
    """Draw one side of the street, far to near."""
    middle, palette = _vanishing(stage), stage.palette
    edges = (0.1, 0.17, 0.28, 0.44, 0.7)
    for n in range(len(edges) - 1):
        far, near = edges[n], edges[n + 1]
        colour = mix(palette.middle, palette.shade, 0.25 + 0.2 * n)
        rise = stage.dice.uniform(0.85, 1.35)
        x1, x2 = middle + side * far * stage.width, middle + side * near * stage.width
        y1, y2 = (
            stage.horizon - far * rise * stage.height,
            stage.horizon - near * rise * stage.height,
        )
        b1, b2 = stage.horizon + far * 0.2 * stage.height, stage.horizon + near * 0.2 * stage.height
        stage.canvas.polygon(((x1, y1), (x2, y2), (x2, b2), (x1, b1)), colour)
        _facade(stage, (x1, y1, b1), (x2, y2, b2), colour)


def _facade(
    stage: Stage, far: tuple[float, float, float], near: tuple[float, float, float], colour: Colour
) -> None:
    lamp = stage.palette.light if stage.palette.dark else lit(colour, 0.1)
    for column in range(3):
        for row in range(5):
            if stage.dice.random() < _DARK_WINDOWS:
                continue
            start, end = (column + 0.25) / 3, (column + 0.7) / 3
            top, bottom = 0.1 + row * 0.15, 0.18 + row * 0.15
            points = [_on(far, near, start, top), _on(far, near, end, top),
                      _on(far, near, end, bottom), _on(far, near, start, bottom)]  # fmt: skip
            stage.canvas.polygon(points, lamp, 0.5 if stage.palette.dark else 0.4)
    if stage.reading.time == "neon" or (stage.palette.dark and stage.dice.random() < _NIGHT_SIGNS):
        sign = stage.dice.choice(_NEON)
        points = [_on(far, near, 0.15, 0.72), _on(far, near, 0.8, 0.72),
                  _on(far, near, 0.8, 0.8), _on(far, near, 0.15, 0.8)]  # fmt: skip
        middle = _on(far, near, 0.5, 0.76)
        stage.canvas.glow(*middle, stage.unit * 8, stage.unit * 5, sign, 0.4)
        stage.canvas.polygon(points, sign)


def _on(
    far: tuple[float, float, float], near: tuple[float, float, float], across: float, down: float
) -> tuple[float, float]:
    top, bottom = far[1] + (near[1] - far[1]) * across, far[2] + (near[2] - far[2]) * across
    return far[0] + (near[0] - far[0]) * across, top + (bottom - top) * down


def road(stage: Stage) -> None:
    """Draw a road through open land."""
    palette, plan = stage.palette, stage.plan
    if palette.dark:
        stars(stage)
    clouds(stage)
    sun(stage)
    hills(stage, plan.horizon - 0.04, 0.06, palette.far, sharp=0.5)
    hills(stage, plan.horizon - 0.005, 0.02, palette.middle)
    ground(stage, palette.ground)
    _street(stage)


PLACES = {"city": city, "road": road}
