"""The ground seen from above: a table for a flat lay, land or streets from the air."""

import math

from callsheet.drawing.colours import lit, mix
from callsheet.drawing.composition import INDOORS
from callsheet.drawing.stage import Stage

_WATER = (58, 112, 140)


def ground_from_above(stage: Stage) -> None:
    """Draw what lies below the camera."""
    if stage.plan.setting in INDOORS or stage.plan.tabletop:
        _planks(stage)
    elif stage.plan.setting == "city":
        _blocks(stage)
    else:
        _land(stage)
        if stage.plan.setting == "road":
            _roadway(stage)


def _roadway(stage: Stage) -> None:
    road = lit(mix(stage.palette.shade, stage.palette.ground, 0.3), 0.06)
    unit = stage.unit
    x = stage.plan.subject_x * stage.width + unit * 5  # the subject keeps to its lane
    stage.canvas.rectangle(
        x - unit * 13, 0, x + unit * 13, stage.height, lit(stage.palette.ground, 0.05)
    )
    stage.canvas.rectangle(x - unit * 11, 0, x + unit * 11, stage.height, road)
    for n in range(12):
        top = (n + 0.2) / 12 * stage.height
        stage.canvas.rectangle(
            x - unit * 0.3, top, x + unit * 0.3, top + stage.height / 24, stage.palette.light, 0.7
        )


def _planks(stage: Stage) -> None:
    wood = mix(stage.palette.ground, stage.palette.light, 0.25)
    stage.canvas.rectangle(0, 0, stage.width, stage.height, wood)
    count = 7
    for n in range(count):
        left, right = n / count * stage.width, (n + 1) / count * stage.width
        shade = stage.dice.uniform(-0.035, 0.03)
        stage.canvas.rectangle(left, 0, right, stage.height, lit(wood, shade))
        stage.canvas.rectangle(right - stage.unit * 0.25, 0, right, stage.height, lit(wood, -0.13))
        for _ in range(5):
            x = stage.dice.uniform(left + stage.unit, right - stage.unit)
            y = stage.dice.random() * stage.height
            stage.canvas.ellipse(
                x,
                y,
                stage.unit * 0.2,
                stage.unit * stage.dice.uniform(6, 20),
                lit(wood, -0.06),
                0.4,
            )


def _blocks(stage: Stage) -> None:
    street = lit(stage.palette.shade, 0.12)
    stage.canvas.rectangle(0, 0, stage.width, stage.height, street)
    step = stage.unit * 21
    for row in range(-1, int(stage.height / step) + 2):
        for column in range(-1, int(stage.width / step) + 2):
            left, top = column * step + row * step * 0.12, row * step
            size = step * 0.76
            colour = mix(stage.palette.middle, stage.palette.ground, stage.dice.random())
            fall = stage.unit * stage.dice.uniform(1.5, 5)
            stage.canvas.rectangle(
                left + fall,
                top + fall,
                left + size + fall,
                top + size + fall,
                stage.palette.shade,
                0.4,
            )
            stage.canvas.rectangle(left, top, left + size, top + size, colour)
            stage.canvas.rectangle(
                left + size * 0.2,
                top + size * 0.2,
                left + size * 0.6,
                top + size * 0.55,
                lit(colour, 0.07),
            )


def _land(stage: Stage) -> None:
    palette = stage.palette
    stage.canvas.rectangle(0, 0, stage.width, stage.height, palette.ground)
    if stage.plan.setting in ("field", "road"):
        _patches(stage)
    else:
        _folds(stage)
    if stage.plan.setting in ("sea", "water"):
        _coast(stage)


def _patches(stage: Stage) -> None:
    """Draw fields that meet at slanting edges."""
    rows, columns = 6, 5
    corners = [
        [
            (
                (column - 0.5 + stage.dice.uniform(-0.18, 0.18)) / (columns - 1) * stage.width,
                (row - 0.5 + stage.dice.uniform(-0.18, 0.18)) / (rows - 1) * stage.height,
            )
            for column in range(columns + 1)
        ]
        for row in range(rows + 1)
    ]
    for row in range(rows):
        for column in range(columns):
            colour = mix(stage.palette.middle, stage.palette.ground, stage.dice.random())
            above, below = corners[row], corners[row + 1]
            stage.canvas.polygon(
                (above[column], above[column + 1], below[column + 1], below[column]),
                lit(colour, stage.dice.uniform(-0.035, 0.035)),
            )


def _folds(stage: Stage) -> None:
    """Draw the long folds of dunes, snow or woods."""
    count = 9
    for n in range(count):
        top = (n - 0.4) / count * stage.height
        phase, swing = stage.dice.uniform(0, 6.28), stage.height * 0.05
        crest = [
            (step / 40 * stage.width, top + math.sin(step / 40 * 7 + phase) * swing)
            for step in range(41)
        ]
        colour = mix(stage.palette.ground, stage.palette.middle, 0.5 * stage.dice.random())
        floor = [(stage.width, stage.height + 1), (0, stage.height + 1)]
        stage.canvas.polygon([*crest, *floor], lit(colour, 0.05))
        shade = [(x + stage.unit * 2, y + stage.unit * 3.5) for x, y in crest]
        stage.canvas.polygon([(0, shade[0][1]), *shade, *floor], lit(colour, -0.025))


def _coast(stage: Stage) -> None:
    palette = stage.palette
    water = mix(mix(palette.near, palette.sky_high, 0.45), _WATER, 0.4)
    edge = stage.width * 0.52
    line = [
        (edge + stage.dice.uniform(-1, 1) * stage.unit * 5, n / 16 * stage.height)
        for n in range(17)
    ]
    for shift, colour in (
        (0.0, mix(palette.ground, palette.light, 0.55)),
        (5.0, mix(water, palette.light, 0.5)),
        (7.0, water),
    ):
        stage.canvas.polygon(
            [
                *((x + shift * stage.unit, y) for x, y in line),
                (stage.width + 1, stage.height),
                (stage.width + 1, 0),
            ],
            colour,
        )
