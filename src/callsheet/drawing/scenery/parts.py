"""Parts that several places share: hills, ground, sun and moon, clouds, trees."""

import math

from callsheet.drawing.canvas import Point
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.stage import Stage


def sun(stage: Stage) -> None:
    """Draw the sun or the moon where the light comes from."""
    plan, palette = stage.plan, stage.palette
    if stage.reading.time == "overcast" or {"rain", "fog"} & stage.reading.weather:
        return
    low = 0.05 if not plan.light_y else plan.horizon - plan.light_y
    x, y = stage.light_x, (plan.horizon - low) * stage.height
    radius = stage.unit * (4.2 if plan.light_y else 7.5)
    stage.canvas.glow(x, y, radius * 2.2, radius * 2.2, palette.light, 0.35)
    stage.canvas.ellipse(x, y, radius, radius, lit(palette.light, 0.03))
    if stage.reading.time == "night":
        stage.canvas.ellipse(
            x - radius * 0.4, y - radius * 0.2, radius * 0.2, radius * 0.2, palette.sky_low, 0.2
        )
        stage.canvas.ellipse(
            x + radius * 0.25, y + radius * 0.3, radius * 0.28, radius * 0.28, palette.sky_low, 0.16
        )


def stars(stage: Stage, count: int = 70) -> None:
    """Scatter stars over the sky."""
    for _ in range(count):
        size = stage.unit * stage.dice.uniform(0.1, 0.32)
        x = stage.dice.random() * stage.width
        y = stage.dice.random() ** 1.4 * stage.horizon * 0.9
        stage.canvas.ellipse(x, y, size, size, stage.palette.light, stage.dice.uniform(0.35, 0.95))


def clouds(stage: Stage, count: int = 5) -> None:
    """Draw long, flat clouds, lit from below when the sun is low."""
    colour = mix(stage.palette.sky_low, stage.palette.light, 0.45)
    for _ in range(count):
        x = stage.dice.random() * stage.width
        y = stage.horizon * stage.dice.uniform(0.12, 0.72)
        across = stage.width * stage.dice.uniform(0.12, 0.3)
        for _ in range(4):
            shift, part = stage.dice.uniform(-0.5, 0.5), stage.dice.uniform(0.35, 0.8)
            stage.canvas.ellipse(
                x + shift * across, y + stage.unit * stage.dice.uniform(-0.8, 0.8),
                across * part, stage.unit * stage.dice.uniform(0.5, 1.5), colour, 0.2,
            )  # fmt: skip


def hills(
    stage: Stage, top: float, swing: float, colour: Colour, *, sharp: float = 0.0
) -> list[Point]:
    """Draw one ridge across the frame; `top` and `swing` are fractions of the height.

    The ridge's points come back, for what stands on it.
    """
    phase, pace = stage.dice.uniform(0, 6.28), stage.dice.uniform(0.8, 1.3)
    steps = 72
    ridge: list[Point] = []
    for n in range(steps + 1):
        t = n / steps
        wave = math.sin(t * 5.1 * pace + phase) * 0.6 + math.sin(t * 11.7 * pace + phase * 2) * 0.28
        wave += math.sin(t * 23 * pace + phase * 3) * 0.12
        if sharp:
            wave = wave * (1 - sharp) + sharp * _peaks(t * 4.4 * pace + phase)
            wave += stage.dice.uniform(-0.07, 0.07) * sharp
        ridge.append((t * stage.width, (top - wave * swing) * stage.height))
    stage.canvas.polygon([*ridge, (stage.width, stage.height), (0, stage.height)], colour)
    return ridge


def _peaks(t: float) -> float:
    """Go up and down like a saw whose teeth differ: 1 at a summit, -1 in a valley."""
    tooth = abs((t % 1.0) * 2 - 1)
    height = 0.65 + 0.35 * math.sin(math.floor(t) * 12.9)
    return (1 - tooth) * 2 * height - 1


def ground(stage: Stage, colour: Colour, top: float | None = None) -> None:
    """Fill from the horizon down, a little darker towards the camera."""
    start = stage.horizon if top is None else top
    stage.canvas.rectangle(0, start, stage.width, stage.height, colour)
    for n in range(1, 6):
        edge = start + (stage.height - start) * (n / 6) ** 1.4
        stage.canvas.rectangle(0, edge, stage.width, stage.height, lit(colour, -0.2), 0.07)


def conifer(stage: Stage, x: float, base: float, tall: float, colour: Colour) -> None:
    """Draw a fir: three skirts on a trunk. All in pixels."""
    stage.canvas.rectangle(x - tall * 0.025, base - tall * 0.2, x + tall * 0.025, base, colour)
    for low, high, half in ((0.1, 0.55, 0.2), (0.34, 0.8, 0.15), (0.58, 1.0, 0.1)):
        stage.canvas.polygon(
            (
                (x - tall * half, base - tall * low),
                (x, base - tall * high),
                (x + tall * half, base - tall * low),
            ),
            colour,
        )


def ripples(stage: Stage, top: float, bottom: float, colour: Colour, count: int = 26) -> None:
    """Draw light on water: short strokes under the light, wider towards the camera."""
    for n in range(count):
        depth = (n / count) ** 1.6
        y = top + (bottom - top) * depth + stage.unit * 0.3
        spread = stage.width * (0.015 + 0.11 * depth)
        x = stage.light_x + stage.dice.uniform(-1, 1) * spread
        half = stage.width * stage.dice.uniform(0.012, 0.05) * (0.35 + depth)
        thick = stage.unit * (0.12 + 0.5 * depth)
        stage.canvas.ellipse(x, y, half, thick, colour, 0.55 - 0.25 * depth)


def swell(stage: Stage, top: float, bottom: float, colour: Colour, count: int = 22) -> None:
    """Draw quiet waves over the whole width."""
    for n in range(count):
        depth = ((n + 0.5) / count) ** 1.5
        y = top + (bottom - top) * depth
        half = stage.width * stage.dice.uniform(0.05, 0.16)
        stage.canvas.ellipse(
            stage.dice.random() * stage.width,
            y,
            half,
            stage.unit * (0.1 + 0.4 * depth),
            colour,
            0.3,
        )
