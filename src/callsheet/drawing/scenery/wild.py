"""Places without walls: coast, mountains, woods, desert, fields, lakes, under water, in space."""

import math

from callsheet.drawing.colours import WHITE, lit, mix
from callsheet.drawing.scenery.parts import (
    clouds,
    conifer,
    ground,
    hills,
    ripples,
    stars,
    sun,
    swell,
)
from callsheet.drawing.stage import Stage

_SAND = (214, 192, 156)
_NEAR_TRUNK = 2  # units wide
_CLEARING = 0.13  # of the width, kept free of near trunks around the subject


def _sky(stage: Stage) -> None:
    if stage.palette.dark and not {"rain", "fog"} & stage.reading.weather:
        stars(stage)
    if stage.reading.time != "night" or "clouds" in stage.reading.weather:
        clouds(stage, 8 if "clouds" in stage.reading.weather else 4)
    sun(stage)


def _away(stage: Stage) -> float:
    """Tell which side of the frame the subject leaves free, as a fraction."""
    return 1.0 if stage.plan.on_left else 0.0


def sea(stage: Stage) -> None:
    """Draw a coast: headland, water with light on it, a beach."""
    _sky(stage)
    palette, horizon = stage.palette, stage.horizon
    water = mix(palette.near, palette.sky_high, 0.35)
    stage.canvas.rectangle(0, horizon, stage.width, stage.height, mix(water, palette.sky_low, 0.3))
    stage.canvas.rectangle(
        0, horizon + (stage.height - horizon) * 0.12, stage.width, stage.height, water, 0.6
    )
    _headland(stage)
    swell(stage, horizon, stage.height, lit(water, 0.12))
    ripples(stage, horizon, stage.height, palette.light)
    _beach(stage)


def _headland(stage: Stage) -> None:
    side = _away(stage)
    inward = 1 if side == 0 else -1
    for reach, rise, colour in (
        (0.4, 0.1, stage.palette.far),
        (0.27, 0.16, stage.palette.middle),
    ):
        points = []
        for n in range(15):
            t = n / 14
            bump = 0.02 * math.sin(t * 17 + reach * 9) + 0.015 * math.sin(t * 31)
            points.append(
                (
                    (side + inward * reach * t) * stage.width,
                    stage.horizon - ((1 - t) ** 0.8 * rise + bump * (1 - t)) * stage.height,
                )
            )
        edge = stage.horizon + stage.unit * 0.3
        stage.canvas.polygon([*points, (points[-1][0], edge), (side * stage.width, edge)], colour)


def _beach(stage: Stage) -> None:
    # The beach rises to the subject's feet, so that nobody stands on water.
    pale = mix(_SAND, stage.palette.light, 0.15)
    sand = mix(pale, stage.palette.shade, 0.68 if stage.palette.dark else 0.22)
    inward = -1 if stage.plan.on_left else 1
    top = min(stage.plan.base, 0.97) - 0.05
    edge = []
    for n in range(25):
        t = n / 24
        slope = (1 - t) if inward > 0 else t
        edge.append(
            (t * stage.width, (top + slope * 0.16 + 0.008 * math.sin(t * 19)) * stage.height)
        )
    bottom = [(stage.width, stage.height + 1), (0, stage.height + 1)]
    foam = [(x, y - stage.unit * 1.1) for x, y in edge]
    stage.canvas.polygon([*foam, *bottom], mix(stage.palette.light, WHITE, 0.3), 0.55)
    stage.canvas.polygon([*edge, *bottom], sand)
    wet = [(x, y + stage.unit * 4) for x, y in edge]
    stage.canvas.polygon([*wet, *bottom], lit(sand, -0.06), 0.6)


def mountains(stage: Stage) -> None:
    """Draw two ranges, snow on the higher one, and a slope to stand on."""
    _sky(stage)
    plan, palette = stage.plan, stage.palette
    range_colour = mix(palette.far, palette.sky_high, 0.25)
    ridge = hills(stage, plan.horizon - 0.17, 0.17, range_colour, sharp=0.85)
    cap = mix(range_colour, palette.light, 0.55)
    line = (plan.horizon - 0.19) * stage.height
    snowy = [
        (x, min(y, line + math.sin(x / stage.width * 61) * stage.unit * 1.6)) for x, y in ridge
    ]
    lower = [
        (x, max(y, line + math.sin(x / stage.width * 47) * stage.unit * 2.4)) for x, y in ridge
    ]
    stage.canvas.polygon([*snowy, *reversed(lower)], cap, 0.75)
    hills(stage, plan.horizon - 0.03, 0.06, palette.middle, sharp=0.4)
    slope = hills(stage, plan.horizon + 0.07, 0.03, palette.near)
    for _ in range(26):
        x, y = slope[stage.dice.randrange(len(slope))]
        conifer(
            stage,
            x,
            y + stage.unit,
            stage.unit * stage.dice.uniform(4, 9),
            lit(palette.near, -0.07),
        )
    ground(stage, palette.ground, (plan.base - 0.04) * stage.height if plan.base < 1 else None)


def forest(stage: Stage) -> None:
    """Draw trunks in three depths with light between them."""
    palette, plan = stage.palette, stage.plan
    depths = (
        (palette.far, 30, 0.9, 0.0),
        (palette.middle, 16, 1.5, 0.03),
        (palette.near, 8, 2.6, 0.08),
    )
    ground(stage, mix(palette.ground, palette.far, 0.4))
    for colour, count, girth, drop in depths:
        base = (plan.horizon + drop) * stage.height
        stage.canvas.rectangle(
            0, base, stage.width, stage.height, mix(palette.ground, colour, 0.45)
        )
        for n in range(count):
            x = (n + stage.dice.random()) / count * stage.width
            if girth > _NEAR_TRUNK and abs(x / stage.width - plan.subject_x) < _CLEARING:
                continue
            half = stage.unit * girth * stage.dice.uniform(0.4, 0.75)
            lean = stage.dice.uniform(-0.02, 0.02) * stage.height
            foot = base + stage.unit * stage.dice.uniform(0, 3)
            stage.canvas.polygon(
                (
                    (x - half, foot),
                    (x - half * 0.55 + lean, -1),
                    (x + half * 0.55 + lean, -1),
                    (x + half, foot),
                ),
                colour,
            )
    _canopy(stage)
    _beams(stage)


def _canopy(stage: Stage) -> None:
    for _ in range(26):
        x, y = stage.dice.random() * stage.width, stage.dice.uniform(-0.05, 0.07) * stage.height
        across = stage.unit * stage.dice.uniform(7, 15)
        stage.canvas.ellipse(x, y, across, across * 0.55, lit(stage.palette.near, -0.03), 0.9)


def _beams(stage: Stage) -> None:
    source = stage.light_x
    for n in range(4):
        foot = source + (n - 1.2) * 0.16 * stage.width + (stage.width * 0.5 - source) * 0.9
        stage.canvas.polygon(
            ((source - stage.unit * 2, -1), (source + stage.unit * 2, -1),
             (foot + stage.unit * 9, stage.height), (foot - stage.unit * 3, stage.height)),
            stage.palette.light, 0.07,
        )  # fmt: skip


def desert(stage: Stage) -> None:
    """Draw dunes, each with a lit and a shaded side."""
    _sky(stage)
    palette, plan = stage.palette, stage.plan
    hills(stage, plan.horizon - 0.01, 0.035, palette.far)
    for n, colour in enumerate(
        (palette.middle, mix(palette.middle, palette.ground, 0.6), palette.ground)
    ):
        crest = hills(stage, plan.horizon + 0.05 + n * 0.08, 0.055, lit(colour, 0.04))
        shade = [(x + stage.unit * 3, y + stage.unit * (2.5 + 2 * n)) for x, y in crest]
        stage.canvas.polygon(
            [*shade, (stage.width, stage.height), (0, stage.height)], lit(colour, -0.06), 0.65
        )


def field(stage: Stage) -> None:
    """Draw rolling hills, a tree line and a meadow."""
    _sky(stage)
    palette, plan = stage.palette, stage.plan
    hills(stage, plan.horizon - 0.07, 0.045, palette.far)
    line = hills(stage, plan.horizon - 0.015, 0.028, palette.middle)
    snowy = "snow" in stage.reading.weather
    for _ in range(22):
        x, y = line[stage.dice.randrange(len(line))]
        size = stage.unit * stage.dice.uniform(1.2, 3.4)
        if snowy:
            conifer(stage, x, y + stage.unit, size * 3, lit(palette.middle, -0.14))
        else:
            stage.canvas.ellipse(x, y, size * 1.25, size, lit(palette.middle, -0.05))
    hills(stage, plan.horizon + 0.06, 0.02, mix(palette.middle, palette.ground, 0.6))
    ground(stage, palette.ground, (plan.horizon + 0.11) * stage.height)
    _tufts(stage)


def _tufts(stage: Stage) -> None:
    for _ in range(60):
        depth = stage.dice.random()
        y = (stage.plan.horizon + 0.14 + depth * (0.86 - stage.plan.horizon)) * stage.height
        x, tall = stage.dice.random() * stage.width, stage.unit * (0.4 + 1.6 * depth)
        colour = lit(stage.palette.ground, stage.dice.choice((-0.07, 0.06)))
        stage.canvas.polygon(
            ((x - tall * 0.5, y), (x + tall * 0.1, y - tall), (x + tall * 0.5, y)), colour, 0.6
        )


def water(stage: Stage) -> None:
    """Draw a lake between hills, with their reflection."""
    _sky(stage)
    palette, plan = stage.palette, stage.plan
    hills(stage, plan.horizon - 0.1, 0.07, palette.far, sharp=0.3)
    shore = hills(stage, plan.horizon - 0.02, 0.03, palette.middle)
    lake = mix(palette.sky_low, palette.near, 0.35)
    stage.canvas.rectangle(0, stage.horizon, stage.width, stage.height, lake)
    mirrored = [(x, 2 * stage.horizon - y) for x, y in shore if y < stage.horizon]
    if mirrored:
        stage.canvas.polygon(
            [(0, stage.horizon), *mirrored, (stage.width, stage.horizon)], palette.middle, 0.5
        )
    swell(stage, stage.horizon, stage.height, lit(lake, 0.1))
    ripples(stage, stage.horizon, stage.height, palette.light)
    _beach(stage)


def underwater(stage: Stage) -> None:
    """Draw rays from above, far weed and drifting bubbles."""
    for n in range(5):
        x = (stage.plan.light_x + (n - 2) * 0.13) * stage.width
        foot = x + (n - 2) * stage.width * 0.12
        stage.canvas.polygon(
            ((x - stage.unit * 2, -1), (x + stage.unit * 3, -1),
             (foot + stage.unit * 12, stage.height), (foot - stage.unit * 6, stage.height)),
            stage.palette.light, 0.08,
        )  # fmt: skip
    for colour, top in ((stage.palette.near, 0.8), (stage.palette.shade, 0.9)):
        hills(stage, top, 0.04, colour)
    for _ in range(26):
        size = stage.unit * stage.dice.uniform(0.2, 0.9)
        stage.canvas.ellipse(
            stage.dice.random() * stage.width, stage.dice.random() * stage.height * 0.85,
            size, size, stage.palette.light, 0.4,
        )  # fmt: skip


def space(stage: Stage) -> None:
    """Draw stars and the lit edge of a planet."""
    stars(stage, 130)
    palette = stage.palette
    x = (1 - stage.plan.subject_x) * stage.width
    radius = max(stage.width, stage.height) * 0.62
    y = stage.height * 0.98 + radius * 0.55
    stage.canvas.ellipse(x, y, radius * 1.03, radius * 1.03, palette.accent, 0.28)
    stage.canvas.ellipse(x, y, radius, radius, mix(palette.accent, palette.light, 0.45))
    shift = radius * (0.05 if stage.plan.from_left else -0.05)
    stage.canvas.ellipse(x + shift, y + radius * 0.05, radius * 0.99, radius * 0.99, palette.near)
    moon = stage.unit * 6
    stage.canvas.ellipse(
        stage.light_x, stage.height * 0.24, moon, moon, mix(palette.light, palette.far, 0.4)
    )
    stage.canvas.ellipse(
        stage.light_x + moon * 0.25,
        stage.height * 0.24 + moon * 0.1,
        moon * 0.86,
        moon * 0.86,
        palette.far,
        0.5,
    )


PLACES = {
    "sea": sea,
    "mountains": mountains,
    "forest": forest,
    "desert": desert,
    "field": field,
    "water": water,
    "underwater": underwater,
    "space": space,
}
