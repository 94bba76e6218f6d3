"""Places where things are shot: corridor, hall, shop, cinema, square, pier, ice, moon and more."""

from collections.abc import Callable

from callsheet.drawing.colours import BLACK, WHITE, Colour, lit, mix
from callsheet.drawing.scenery.parts import clouds, ground, hills, stars, sun
from callsheet.drawing.stage import Stage


def _plain_walls(stage: Stage, wall: Colour, floor: Colour) -> None:
    stage.canvas.rectangle(0, 0, stage.width, stage.horizon, wall)
    stage.canvas.rectangle(0, stage.horizon, stage.width, stage.height, floor)
    stage.canvas.rectangle(
        0, stage.horizon - stage.unit, stage.width, stage.horizon, lit(wall, -0.1)
    )


def _tinted(stage: Stage, colour: Colour, part: float = 0.35) -> Colour:
    """Bring a material's own colour into the light of the scene."""
    palette = stage.palette
    return mix(mix(colour, palette.sky_low, part), palette.shade, 0.45 if palette.dark else 0.06)


def hallway(stage: Stage) -> None:
    """Draw a corridor that runs to a door, with doors and lamps along it."""
    wall, floor = _tinted(stage, (204, 204, 196)), _tinted(stage, (112, 118, 124), 0.2)
    middle, far = 0.5 * stage.width, (0.4, 0.34, 0.6, 0.62)
    left, top, right, bottom = (
        far[0] * stage.width,
        far[1] * stage.height,
        far[2] * stage.width,
        far[3] * stage.height,
    )
    wide, tall = stage.width, stage.height
    stage.canvas.polygon(((0, 0), (wide, 0), (right, top), (left, top)), lit(wall, 0.05))
    stage.canvas.polygon(((0, tall), (wide, tall), (right, bottom), (left, bottom)), floor)
    stage.canvas.polygon(((0, 0), (left, top), (left, bottom), (0, tall)), lit(wall, -0.03))
    stage.canvas.polygon(((wide, 0), (right, top), (right, bottom), (wide, tall)), lit(wall, -0.08))
    stage.canvas.rectangle(left, top, right, bottom, lit(wall, -0.14))
    stage.canvas.rectangle(
        middle - 0.035 * wide,
        top + 0.08 * tall,
        middle + 0.035 * wide,
        bottom,
        mix(stage.palette.light, WHITE, 0.3),
    )
    for side in (0.0, 1.0):
        end = left if side == 0.0 else right
        edge = side * wide
        for near, away in ((0.12, 0.3), (0.46, 0.6), (0.72, 0.82)):
            x1, x2 = edge + (end - edge) * near, edge + (end - edge) * away
            t1, t2 = (
                top * near + tall * 0.2 * (1 - near) + 0.05 * tall * near,
                top * away + tall * 0.2 * (1 - away) + 0.05 * tall * away,
            )
            b1, b2 = tall + (bottom - tall) * near, tall + (bottom - tall) * away
            stage.canvas.polygon(
                ((x1, t1), (x2, t2), (x2, b2), (x1, b1)), _tinted(stage, (142, 98, 66), 0.12)
            )
    for part in (0.1, 0.34, 0.55, 0.72):
        y = top * part
        half = 0.09 * wide * (1 - part) + 0.02 * wide
        stage.canvas.polygon(
            (
                (middle - half, y),
                (middle + half, y),
                (middle + half * 0.8, y + 0.03 * tall),
                (middle - half * 0.8, y + 0.03 * tall),
            ),
            mix(stage.palette.light, WHITE, 0.5),
        )
    stage.canvas.polygon(
        ((0.3 * wide, tall), (0.7 * wide, tall), (0.53 * wide, bottom), (0.47 * wide, bottom)),
        mix(floor, stage.palette.light, 0.3),
        0.5,
    )


def hall(stage: Stage) -> None:
    """Draw a large empty hall: columns, high windows, a shining floor."""
    wall, floor = _tinted(stage, (196, 184, 166)), _tinted(stage, (146, 112, 82), 0.2)
    _plain_walls(stage, wall, floor)
    for n in range(6):
        x = (n + 0.5) / 6 * stage.width
        half = 0.035 * stage.width
        top, bottom = 0.08 * stage.height, stage.horizon - 0.16 * stage.height
        stage.canvas.ellipse(x, top + half, half, half, mix(stage.palette.light, WHITE, 0.3))
        stage.canvas.rectangle(
            x - half, top + half, x + half, bottom, mix(stage.palette.light, WHITE, 0.3)
        )
        stage.canvas.rectangle(x - half * 0.08, top, x + half * 0.08, bottom, lit(wall, -0.1))
        stage.canvas.polygon(
            (
                (x - half, stage.horizon + 2 * stage.unit),
                (x + half, stage.horizon + 2 * stage.unit),
                (x + half * 2.6, stage.height),
                (x - half * 0.2, stage.height),
            ),
            stage.palette.light,
            0.2,
        )
    for n in range(7):
        x = n / 6 * stage.width
        stage.canvas.rectangle(
            x - 1.6 * stage.unit, 0, x + 1.6 * stage.unit, stage.horizon, lit(wall, -0.06)
        )
        stage.canvas.rectangle(
            x + 0.5 * stage.unit, 0, x + 1.6 * stage.unit, stage.horizon, lit(wall, -0.12)
        )


def workshop(stage: Stage) -> None:
    """Draw a workshop: tools on a board, a bench, a window, a lamp."""
    wall, floor = _tinted(stage, (158, 140, 118)), _tinted(stage, (96, 84, 76), 0.15)
    _plain_walls(stage, wall, floor)
    left, right = 0.06 * stage.width, 0.5 * stage.width
    stage.canvas.rectangle(
        left, 0.12 * stage.height, right, 0.42 * stage.height, _tinted(stage, (176, 132, 88), 0.1)
    )
    dark = lit(stage.palette.shade, 0.08)
    for n in range(9):
        x = left + (n + 0.5) / 9 * (right - left)
        long = (0.14 + 0.07 * ((n * 7) % 3)) * stage.height
        stage.canvas.rectangle(
            x - 0.4 * stage.unit,
            0.15 * stage.height,
            x + 0.4 * stage.unit,
            0.15 * stage.height + long,
            _tinted(stage, (120, 76, 46), 0.05),
        )
        stage.canvas.rectangle(
            x - 1.5 * stage.unit,
            0.15 * stage.height,
            x + 1.5 * stage.unit,
            0.15 * stage.height + 2.4 * stage.unit,
            dark,
        )
    x, half = 0.76 * stage.width, 0.13 * stage.width
    stage.canvas.rectangle(
        x - half,
        0.1 * stage.height,
        x + half,
        0.46 * stage.height,
        mix(stage.palette.light, WHITE, 0.15),
    )
    for n in range(1, 4):
        at = x - half + half * n / 2
        stage.canvas.rectangle(
            at - 0.4 * stage.unit,
            0.1 * stage.height,
            at + 0.4 * stage.unit,
            0.46 * stage.height,
            dark,
        )
    stage.canvas.rectangle(x - half, 0.27 * stage.height, x + half, 0.28 * stage.height, dark)
    bench = _tinted(stage, (140, 96, 60), 0.1)
    stage.canvas.rectangle(
        0,
        stage.horizon - 0.06 * stage.height,
        0.4 * stage.width,
        stage.horizon - 0.03 * stage.height,
        bench,
    )
    stage.canvas.rectangle(
        0.03 * stage.width,
        stage.horizon - 0.03 * stage.height,
        0.05 * stage.width,
        stage.horizon + 0.1 * stage.height,
        lit(bench, -0.08),
    )


def hospital(stage: Stage) -> None:
    """Draw a hospital from outside: a white block with a red cross, its door lit."""
    stage_sky(stage)
    front = _tinted(stage, (232, 234, 236), 0.18)
    left, right, top = 0.08 * stage.width, 0.92 * stage.width, 0.2 * stage.height
    stage.canvas.rectangle(left, top, right, stage.horizon + 0.04 * stage.height, front)
    stage.canvas.rectangle(
        0.62 * stage.width, top, right, stage.horizon + 0.04 * stage.height, lit(front, -0.05)
    )
    pane = stage.palette.light if stage.palette.dark else _tinted(stage, (128, 160, 186), 0.25)
    for row in range(3):
        for column in range(11):
            x, y = (
                left + (column + 0.5) / 11 * (right - left),
                top + (0.06 + 0.11 * row) * stage.height,
            )
            if abs(column - 5) < 2 and row == 0:  # noqa: PLR2004 - there is the cross
                continue
            stage.canvas.rectangle(
                x - 0.02 * stage.width, y, x + 0.02 * stage.width, y + 0.07 * stage.height, pane
            )
    x, y, arm = 0.5 * stage.width, top + 0.09 * stage.height, 0.06 * stage.height
    stage.canvas.ellipse(x, y, arm * 1.5, arm * 1.5, lit(front, 0.05))
    stage.canvas.rectangle(x - arm, y - arm * 0.33, x + arm, y + arm * 0.33, (206, 46, 50))
    stage.canvas.rectangle(x - arm * 0.33, y - arm, x + arm * 0.33, y + arm, (206, 46, 50))
    ground(
        stage,
        mix(stage.palette.ground, stage.palette.shade, 0.25),
        stage.horizon + 0.04 * stage.height,
    )
    stage.canvas.rectangle(
        0.42 * stage.width,
        stage.horizon - 0.12 * stage.height,
        0.58 * stage.width,
        stage.horizon + 0.04 * stage.height,
        mix(stage.palette.light, WHITE, 0.2),
    )
    sun_low(stage)


def sun_low(stage: Stage) -> None:
    """Show the low sun beside a building that would hide it."""
    if stage.reading.time in ("dawn", "golden"):
        x = 0.04 * stage.width if stage.light_x < stage.width / 2 else 0.96 * stage.width
        radius = stage.unit * 7
        stage.canvas.glow(
            x, stage.horizon - radius, radius * 5, radius * 5, stage.palette.light, 0.6
        )
        stage.canvas.ellipse(
            x, stage.horizon - radius * 0.7, radius, radius, lit(stage.palette.light, 0.03)
        )


def stage_sky(stage: Stage) -> None:
    """Draw what belongs into the sky: stars, clouds, sun or moon."""
    if stage.palette.dark and not {"rain", "fog"} & stage.reading.weather:
        stars(stage, 50)
    clouds(stage, 7 if "clouds" in stage.reading.weather else 3)
    sun(stage)


def shop(stage: Stage) -> None:
    """Draw a clothes shop: rails with garments, a shelf, a window to the street."""
    wall, floor = _tinted(stage, (226, 214, 200)), _tinted(stage, (176, 140, 106), 0.2)
    _plain_walls(stage, wall, floor)
    dyes: tuple[Colour, ...] = (
        (192, 92, 84),
        (86, 118, 152),
        (222, 190, 120),
        (112, 138, 112),
        (160, 120, 160),
        (232, 226, 216),
    )
    for left, right in ((0.02, 0.3), (0.7, 0.98)):
        y = stage.horizon - 0.34 * stage.height
        stage.canvas.rectangle(
            left * stage.width,
            y,
            right * stage.width,
            y + 0.7 * stage.unit,
            lit(stage.palette.shade, 0.1),
        )
        for n in range(8):
            x = (left + (n + 0.5) / 8 * (right - left)) * stage.width
            colour = _tinted(stage, dyes[(n * 5 + round(left * 10)) % 6], 0.12)
            half, tall = 0.017 * stage.width, (0.2 + 0.05 * (n % 3)) * stage.height
            stage.canvas.polygon(
                (
                    (x - half * 0.6, y + stage.unit),
                    (x + half * 0.6, y + stage.unit),
                    (x + half, y + tall),
                    (x - half, y + tall),
                ),
                colour,
            )
        for x in (left + 0.005, right - 0.005):
            stage.canvas.rectangle(
                x * stage.width - 0.4 * stage.unit,
                y,
                x * stage.width + 0.4 * stage.unit,
                stage.horizon + 0.06 * stage.height,
                lit(stage.palette.shade, 0.1),
            )
    _street_window(stage, 0.5, 0.15)
    for n in range(5):
        x = (0.1 + 0.2 * n) * stage.width
        stage.canvas.glow(
            x, 0.04 * stage.height, 9 * stage.unit, 9 * stage.unit, stage.palette.light, 0.5
        )
        stage.canvas.ellipse(
            x,
            0.02 * stage.height,
            1.6 * stage.unit,
            0.7 * stage.unit,
            mix(stage.palette.light, WHITE, 0.4),
        )


def _street_window(stage: Stage, at: float, half: float) -> None:
    """Draw a large window with the street, and the snow or rain, behind it."""
    left, right, top, bottom = (
        (at - half) * stage.width,
        (at + half) * stage.width,
        0.09 * stage.height,
        stage.horizon - 0.1 * stage.height,
    )
    frame = lit(stage.palette.shade, 0.14)
    sky = mix((196, 212, 228), stage.palette.sky_high, 0.35)
    snowy = "snow" in stage.reading.weather
    stage.canvas.rectangle(
        left - stage.unit, top - stage.unit, right + stage.unit, bottom + stage.unit, frame
    )
    stage.canvas.rectangle(left, top, right, bottom, sky)
    for n in range(5):
        x1 = left + n / 5 * (right - left)
        high = bottom - (0.4 + 0.12 * ((n * 3) % 4)) * (bottom - top)
        colour = mix((120, 128, 146), sky, 0.35)
        stage.canvas.rectangle(x1, high, x1 + (right - left) / 5.4, bottom, colour)
        if snowy:
            stage.canvas.rectangle(
                x1,
                high - 0.6 * stage.unit,
                x1 + (right - left) / 5.4,
                high + 0.8 * stage.unit,
                WHITE,
            )
        for row in range(3):
            stage.canvas.rectangle(
                x1 + stage.unit,
                high + (2 + 3 * row) * stage.unit,
                x1 + 2.4 * stage.unit,
                high + (3.4 + 3 * row) * stage.unit,
                (250, 222, 150),
                0.8,
            )
    if snowy:
        stage.canvas.rectangle(left, bottom - 2.4 * stage.unit, right, bottom, (248, 250, 252))
        for _ in range(60):
            size = stage.unit * stage.dice.uniform(0.25, 0.7)
            stage.canvas.ellipse(
                stage.dice.uniform(left + size, right - size),
                stage.dice.uniform(top + size, bottom - size),
                size,
                size,
                WHITE,
            )
    for part in (0.33, 0.66):
        x = left + part * (right - left)
        stage.canvas.rectangle(x - 0.35 * stage.unit, top, x + 0.35 * stage.unit, bottom, frame)


def shopfront(stage: Stage) -> None:
    """Draw a bakery or shop from the street: awning, lit window with loaves, door, pavement."""
    wall = _tinted(stage, (176, 116, 88), 0.15)
    stage.canvas.rectangle(0, 0, stage.width, stage.horizon + 0.06 * stage.height, wall)
    left, right, top, bottom = (
        0.14 * stage.width,
        0.7 * stage.width,
        0.3 * stage.height,
        stage.horizon,
    )
    lamp = mix((255, 222, 150), stage.palette.light, 0.3)
    stage.canvas.rectangle(
        left - stage.unit,
        0.12 * stage.height,
        right + stage.unit,
        0.22 * stage.height,
        _tinted(stage, (66, 48, 44), 0.05),
    )
    for n in range(6):
        x = left + (0.2 + 0.12 * n) * (right - left)
        stage.canvas.ellipse(x, 0.17 * stage.height, 1.9 * stage.unit, 2.1 * stage.unit, lamp)
        stage.canvas.ellipse(
            x,
            0.17 * stage.height,
            0.8 * stage.unit,
            1.0 * stage.unit,
            _tinted(stage, (66, 48, 44), 0.05),
        )
    stage.canvas.rectangle(left, top, right, bottom, lamp)
    for row in range(2):
        y = top + (0.55 + 0.4 * row) * (bottom - top)
        stage.canvas.rectangle(
            left, y, right, y + 0.8 * stage.unit, _tinted(stage, (140, 92, 58), 0.1)
        )
        for n in range(7):
            x = left + (n + 0.5) / 7 * (right - left)
            stage.canvas.ellipse(
                x,
                y - 1.6 * stage.unit,
                3 * stage.unit,
                1.9 * stage.unit,
                _tinted(stage, (190, 126, 62), 0.05),
            )
            for slit in (-1.0, 0.2, 1.3):
                stage.canvas.stroke(
                    (
                        (x + slit * stage.unit, y - 2.8 * stage.unit),
                        (x + (slit + 0.6) * stage.unit, y - 1.4 * stage.unit),
                    ),
                    0.35 * stage.unit,
                    (238, 206, 150),
                )
    count = 10
    for n in range(count):
        x1, x2 = left + (n / count) * (right - left), left + ((n + 1) / count) * (right - left)
        colour = _tinted(stage, (200, 66, 60) if n % 2 else (244, 238, 226), 0.08)
        stage.canvas.polygon(
            (
                (x1, 0.22 * stage.height),
                (x2, 0.22 * stage.height),
                (x2 + 0.4 * stage.unit, 0.34 * stage.height),
                (x1 - 0.4 * stage.unit, 0.34 * stage.height),
            ),
            colour,
        )
        stage.canvas.ellipse(
            (x1 + x2) / 2, 0.34 * stage.height, (x2 - x1) / 2, 1.6 * stage.unit, colour
        )
    stage.canvas.rectangle(
        0.76 * stage.width,
        0.26 * stage.height,
        0.9 * stage.width,
        stage.horizon + 0.05 * stage.height,
        _tinted(stage, (84, 60, 48), 0.05),
    )
    stage.canvas.rectangle(
        0.78 * stage.width, 0.3 * stage.height, 0.88 * stage.width, 0.52 * stage.height, lamp, 0.9
    )
    pavement = _tinted(stage, (140, 140, 144), 0.2)
    stage.canvas.rectangle(
        0, stage.horizon + 0.05 * stage.height, stage.width, stage.height, pavement
    )
    for n in range(9):
        x = n / 8 * stage.width
        stage.canvas.polygon(
            (
                (x, stage.horizon + 0.05 * stage.height),
                (x + 0.2 * stage.unit, stage.horizon + 0.05 * stage.height),
                (2 * x - stage.width / 2 + 0.4 * stage.unit, stage.height),
                (2 * x - stage.width / 2, stage.height),
            ),
            lit(pavement, -0.07),
        )


def cinema(stage: Stage) -> None:
    """Draw a cinema from its screen's side: curtains, rows of red seats rising to the back."""
    dark = mix(stage.palette.shade, BLACK, 0.35)
    stage.canvas.rectangle(0, 0, stage.width, stage.height, lit(dark, 0.07))
    beam = stage.palette.light
    stage.canvas.polygon(
        (
            (0.47 * stage.width, 0.06 * stage.height),
            (0.53 * stage.width, 0.06 * stage.height),
            (0.96 * stage.width, stage.height),
            (0.04 * stage.width, stage.height),
        ),
        beam,
        0.12,
    )
    stage.canvas.rectangle(
        0.44 * stage.width,
        0.04 * stage.height,
        0.56 * stage.width,
        0.1 * stage.height,
        lit(dark, -0.02),
    )
    stage.canvas.ellipse(
        0.5 * stage.width,
        0.07 * stage.height,
        1.8 * stage.unit,
        1.8 * stage.unit,
        mix(beam, WHITE, 0.4),
    )
    red = _tinted(stage, (150, 38, 44), 0.05)
    for row in range(6):
        depth = row / 5
        y = (0.24 + 0.6 * depth**1.15) * stage.height
        wide = (0.045 + 0.045 * depth) * stage.width
        tall = (0.075 + 0.1 * depth) * stage.height
        count = int(stage.width / wide) + 2
        colour = mix(lit(red, -0.12), red, depth)
        for n in range(count):
            x = (n - 0.5 * (row % 2)) * wide
            stage.canvas.polygon(
                (
                    (x + wide * 0.1, y + tall),
                    (x + wide * 0.12, y + tall * 0.2),
                    (x + wide * 0.3, y),
                    (x + wide * 0.7, y),
                    (x + wide * 0.88, y + tall * 0.2),
                    (x + wide * 0.9, y + tall),
                ),
                colour,
            )
            stage.canvas.rectangle(
                x + wide * 0.06, y + tall * 0.6, x + wide * 0.94, y + tall * 0.78, lit(colour, 0.05)
            )
        stage.canvas.rectangle(
            0, y + tall, stage.width, y + tall + stage.unit * 1.2, lit(dark, 0.03)
        )
    curtain = _tinted(stage, (112, 26, 38), 0.03)
    for left in (0.0, 0.88):
        for n in range(4):
            x = (left + 0.03 * n) * stage.width
            stage.canvas.rectangle(
                x, 0, x + 0.03 * stage.width, stage.height, lit(curtain, 0.05 * (n % 2))
            )


def square(stage: Stage) -> None:
    """Draw an old square: houses with arches, a fountain, paving."""
    stage_sky(stage)
    walls: tuple[Colour, ...] = (
        (214, 178, 134),
        (196, 150, 110),
        (224, 196, 156),
        (182, 134, 104),
        (206, 168, 128),
    )
    base = stage.horizon + 0.05 * stage.height
    for n in range(5):
        left, right = n / 5 * stage.width, (n + 1) / 5 * stage.width
        top = (0.2 + 0.07 * ((n * 3) % 4)) * stage.height
        if abs((left + right) / 2 - stage.light_x) < 0.12 * stage.width:
            top = 0.4 * stage.height
        colour = _tinted(stage, walls[n], 0.2)
        stage.canvas.rectangle(left, top, right, base, colour)
        stage.canvas.rectangle(
            left,
            top - 1.4 * stage.unit,
            right,
            top + 0.6 * stage.unit,
            _tinted(stage, (150, 84, 62), 0.1),
        )
        for column in range(3):
            x = left + (column + 0.5) / 3 * (right - left)
            half = 0.018 * stage.width
            for y in (top + 0.06 * stage.height, top + 0.17 * stage.height):
                if y + 0.08 * stage.height < base - 0.16 * stage.height:
                    stage.canvas.rectangle(
                        x - half * 0.7,
                        y,
                        x + half * 0.7,
                        y + 0.07 * stage.height,
                        stage.palette.light if stage.palette.dark else lit(colour, -0.18),
                    )
            door = base - 0.13 * stage.height
            stage.canvas.ellipse(x, door, half, half * 1.1, lit(colour, -0.24))
            stage.canvas.rectangle(x - half, door, x + half, base, lit(colour, -0.24))
    floor = _tinted(stage, (186, 160, 128), 0.2)
    ground(stage, floor, base)
    for row in range(7):
        y = base + (stage.height - base) * (row / 7) ** 1.5
        stage.canvas.rectangle(0, y, stage.width, y + 0.25 * stage.unit, lit(floor, -0.09), 0.7)
        for n in range(14):
            x = (n + 0.5 * (row % 2)) / 13 * stage.width
            stage.canvas.polygon(
                (
                    (x, y),
                    (x + 0.3 * stage.unit, y),
                    (x + (x - stage.width / 2) * 0.08, y + 3 * stage.unit),
                ),
                lit(floor, -0.09),
                0.6,
            )
    _fountain(stage, (1 - stage.plan.subject_x) * stage.width, base + 0.08 * stage.height)


def _fountain(stage: Stage, x: float, foot: float) -> None:
    stone = _tinted(stage, (176, 168, 158), 0.15)
    unit = stage.unit
    stage.canvas.ellipse(x, foot, 13 * unit, 3 * unit, lit(stone, -0.1))
    stage.canvas.rectangle(x - 13 * unit, foot - 3 * unit, x + 13 * unit, foot, stone)
    stage.canvas.ellipse(x, foot - 3 * unit, 13 * unit, 2.6 * unit, lit(stone, 0.04))
    stage.canvas.ellipse(
        x, foot - 3 * unit, 11.6 * unit, 2 * unit, _tinted(stage, (128, 170, 190), 0.2)
    )
    stage.canvas.rectangle(x - 1.2 * unit, foot - 13 * unit, x + 1.2 * unit, foot - 3 * unit, stone)
    stage.canvas.ellipse(x, foot - 13 * unit, 5 * unit, 1.2 * unit, lit(stone, 0.03))
    for side in (-1, 1):
        stage.canvas.stroke(
            (
                (x, foot - 16 * unit),
                (x + side * 3 * unit, foot - 15 * unit),
                (x + side * 5.5 * unit, foot - 4 * unit),
            ),
            0.5 * unit,
            mix(stage.palette.light, WHITE, 0.4),
            0.8,
        )


def pier(stage: Stage) -> None:
    """Draw a wooden pier that runs out over the water."""
    stage_sky(stage)
    palette = stage.palette
    water = mix(mix(palette.near, palette.sky_high, 0.4), (92, 136, 160), 0.35)
    stage.canvas.rectangle(0, stage.horizon, stage.width, stage.height, water)
    hills(stage, stage.plan.horizon - 0.015, 0.015, palette.far)
    stage.canvas.rectangle(0, stage.horizon, stage.width, stage.height, water)
    for n in range(26):
        depth = (n / 26) ** 1.5
        x = stage.dice.random() * stage.width
        y = stage.horizon + depth * (stage.height - stage.horizon) + stage.unit
        stage.canvas.ellipse(
            x,
            y,
            stage.unit * (3 + 8 * depth),
            stage.unit * (0.12 + 0.3 * depth),
            lit(water, 0.09),
            0.6,
        )
    wood = _tinted(stage, (154, 112, 78), 0.12)
    top = stage.horizon + 0.1 * stage.height
    stage.canvas.rectangle(
        0, top + 0.015 * stage.height, stage.width, stage.height, lit(wood, -0.12)
    )
    stage.canvas.rectangle(0, top, stage.width, stage.height, wood)
    for n in range(1, 9):
        y = top + (stage.height - top) * (n / 9) ** 1.4
        stage.canvas.rectangle(0, y, stage.width, y + 0.45 * stage.unit, lit(wood, -0.14))
    for n in range(5):
        x = (n + 0.3) / 4.6 * stage.width
        stage.canvas.rectangle(
            x - 1.3 * stage.unit,
            top - 8 * stage.unit,
            x + 1.3 * stage.unit,
            top + 2 * stage.unit,
            lit(wood, -0.08),
        )
        stage.canvas.rectangle(
            x + 0.3 * stage.unit,
            top - 8 * stage.unit,
            x + 1.3 * stage.unit,
            top + 2 * stage.unit,
            lit(wood, -0.15),
        )
        stage.canvas.ellipse(
            x, top - 8 * stage.unit, 1.3 * stage.unit, 0.5 * stage.unit, lit(wood, 0.06)
        )
    points = [
        (
            n / 30 * stage.width,
            top - (6.4 - 1.6 * (1 - abs((n / 30 * 4.3 + 0.4) % 1 * 2 - 1))) * stage.unit,
        )
        for n in range(31)
    ]
    stage.canvas.stroke(points, 0.5 * stage.unit, lit(wood, 0.1))


def ice(stage: Stage) -> None:
    """Draw ice: far blue ridges, a white plain with cracks."""
    stage_sky(stage)
    palette = stage.palette
    white = mix((228, 240, 248), palette.sky_low, 0.25)
    white = mix(white, palette.shade, 0.3 if palette.dark else 0.0)
    hills(stage, stage.plan.horizon - 0.1, 0.09, mix(white, (120, 160, 200), 0.45), sharp=0.8)
    hills(stage, stage.plan.horizon - 0.02, 0.04, mix(white, (150, 190, 220), 0.4), sharp=0.6)
    ground(stage, white, stage.horizon)
    blue = mix(white, (96, 156, 204), 0.6)
    for n in range(7):
        y = stage.horizon + (0.06 + 0.055 * n) * stage.height
        x = stage.dice.random() * stage.width
        long = (0.12 + 0.04 * n) * stage.width
        points = [(x + t * long / 5, y + stage.dice.uniform(-1, 1) * stage.unit) for t in range(6)]
        stage.canvas.stroke(points, stage.unit * (0.2 + 0.1 * n), blue, 0.8)
    for _ in range(4):
        x = stage.dice.random() * stage.width
        y = stage.horizon + stage.dice.uniform(0.01, 0.1) * stage.height
        size = stage.unit * stage.dice.uniform(2, 5)
        stage.canvas.polygon(
            (
                (x - size, y),
                (x - size * 0.4, y - size),
                (x + size * 0.3, y - size * 0.7),
                (x + size, y),
            ),
            lit(white, 0.03),
        )
        stage.canvas.polygon(((x, y), (x + size * 0.3, y - size * 0.7), (x + size, y)), blue, 0.6)


def moon(stage: Stage) -> None:
    """Draw the moon's surface under a black sky: grey dust, craters, stars."""
    stage.canvas.rectangle(0, 0, stage.width, stage.height, (12, 14, 24))
    stars(stage, 140)
    grey: Colour = (172, 172, 170)
    hills(stage, stage.plan.horizon - 0.03, 0.04, lit(grey, -0.26))
    hills(stage, stage.plan.horizon + 0.02, 0.02, lit(grey, -0.12))
    ground(stage, grey, stage.horizon + 0.04 * stage.height)
    for n in range(12):
        depth = (n + 0.5) / 12
        x = stage.dice.random() * stage.width
        y = stage.horizon + (0.07 + 0.4 * depth) * stage.height
        size = stage.unit * (1.6 + 6 * depth) * stage.dice.uniform(0.6, 1.1)
        stage.canvas.ellipse(x, y, size, size * 0.3, lit(grey, -0.16))
        stage.canvas.ellipse(
            x + size * 0.08, y + size * 0.06, size * 0.9, size * 0.24, lit(grey, -0.05)
        )


def stadium(stage: Stage) -> None:
    """Draw a stadium: stands full of people, floodlights, a marked pitch."""
    stage_sky(stage)
    stand = _tinted(stage, (96, 104, 122), 0.2)
    top = 0.22 * stage.height
    stage.canvas.polygon(
        ((0, top), (stage.width, top), (stage.width, stage.horizon), (0, stage.horizon)), stand
    )
    dots: tuple[Colour, ...] = ((220, 96, 84), (240, 220, 160), (120, 160, 210), (236, 236, 236))
    for row in range(9):
        y = top + (row + 0.6) / 9.5 * (stage.horizon - top)
        count = 64
        for n in range(count):
            x = (n + 0.5 * (row % 2)) / count * stage.width
            stage.canvas.ellipse(
                x,
                y,
                0.8 * stage.unit,
                0.95 * stage.unit,
                mix(dots[(n * 7 + row * 3) % 4], stand, 0.35),
            )
    for x in (0.1, 0.9):
        stage.canvas.rectangle(
            (x - 0.004) * stage.width,
            0.06 * stage.height,
            (x + 0.004) * stage.width,
            top,
            lit(stand, -0.15),
        )
        stage.canvas.glow(
            x * stage.width,
            0.06 * stage.height,
            16 * stage.unit,
            16 * stage.unit,
            stage.palette.light,
            0.6,
        )
        stage.canvas.rectangle(
            (x - 0.035) * stage.width,
            0.03 * stage.height,
            (x + 0.035) * stage.width,
            0.09 * stage.height,
            mix(stage.palette.light, WHITE, 0.5),
        )
    grass = _tinted(stage, (82, 148, 80), 0.1)
    ground(stage, grass, stage.horizon)
    for n in range(0, 8, 2):
        y1, y2 = (
            stage.horizon + (stage.height - stage.horizon) * (m / 8) ** 1.3 for m in (n, n + 1)
        )
        stage.canvas.rectangle(0, y1, stage.width, y2, lit(grass, 0.04))
    middle = stage.horizon + 0.5 * (stage.height - stage.horizon)
    stage.canvas.rectangle(0, middle, stage.width, middle + 0.7 * stage.unit, (244, 246, 240), 0.85)


def classroom(stage: Stage) -> None:
    """Draw a classroom: board, desks in rows."""
    _plain_walls(stage, _tinted(stage, (224, 214, 190)), _tinted(stage, (168, 128, 92), 0.2))
    left, right, top, bottom = (
        0.2 * stage.width,
        0.8 * stage.width,
        0.1 * stage.height,
        0.46 * stage.height,
    )
    stage.canvas.rectangle(
        left - stage.unit,
        top - stage.unit,
        right + stage.unit,
        bottom + stage.unit,
        _tinted(stage, (150, 104, 66), 0.05),
    )
    stage.canvas.rectangle(left, top, right, bottom, _tinted(stage, (48, 84, 70), 0.05))
    chalk: Colour = (232, 236, 226)
    for n in range(4):
        y = top + (0.2 + 0.2 * n) * (bottom - top)
        stage.canvas.stroke(
            ((left + 0.04 * stage.width, y), (left + (0.2 + 0.06 * (n % 3)) * stage.width, y)),
            0.5 * stage.unit,
            chalk,
            0.8,
        )
    stage.canvas.polygon(
        (
            (0.62 * stage.width, 0.38 * stage.height),
            (0.72 * stage.width, 0.38 * stage.height),
            (0.67 * stage.width, 0.18 * stage.height),
        ),
        chalk,
        0.3,
    )
    for row in range(2):
        y = stage.horizon + (0.1 + 0.16 * row) * stage.height
        for n in range(4):
            x = (n + 0.5) / 4 * stage.width
            half = (0.07 + 0.02 * row) * stage.width
            wood = _tinted(stage, (190, 140, 92), 0.1)
            stage.canvas.rectangle(x - half, y, x + half, y + 1.6 * stage.unit, wood)
            for side in (-0.85, 0.85):
                stage.canvas.rectangle(
                    x + side * half - 0.4 * stage.unit,
                    y,
                    x + side * half + 0.4 * stage.unit,
                    y + 9 * stage.unit,
                    lit(wood, -0.2),
                )


def car_inside(stage: Stage) -> None:
    """Draw the inside of a car from the back seat: windscreen with the road, wheel, mirror."""
    stage_sky(stage)
    palette = stage.palette
    hills(stage, stage.plan.horizon - 0.16, 0.04, palette.far)
    road = lit(palette.shade, 0.12)
    low = 0.66 * stage.height
    stage.canvas.rectangle(0, 0.5 * stage.height, stage.width, low, palette.middle)
    stage.canvas.polygon(
        (
            (0.48 * stage.width, 0.5 * stage.height),
            (0.52 * stage.width, 0.5 * stage.height),
            (0.86 * stage.width, low),
            (0.14 * stage.width, low),
        ),
        road,
    )
    inside = mix(palette.shade, BLACK, 0.25)
    stage.canvas.rectangle(0, 0, stage.width, 0.1 * stage.height, inside)
    for edge, inner in ((0.0, 0.12), (1.0, 0.88)):
        stage.canvas.polygon(
            (
                (edge * stage.width, 0),
                (inner * stage.width, 0.09 * stage.height),
                (edge * stage.width + (inner - edge) * 0.25 * stage.width, low),
                (edge * stage.width, low),
            ),
            inside,
        )
    stage.canvas.polygon(
        (
            (0, low - 0.03 * stage.height),
            (0.3 * stage.width, low - 0.05 * stage.height),
            (stage.width, low - 0.03 * stage.height),
            (stage.width, stage.height),
            (0, stage.height),
        ),
        lit(inside, 0.05),
    )
    stage.canvas.rectangle(
        0.43 * stage.width,
        0.1 * stage.height,
        0.57 * stage.width,
        0.17 * stage.height,
        lit(inside, 0.08),
    )
    stage.canvas.rectangle(
        0.44 * stage.width,
        0.11 * stage.height,
        0.56 * stage.width,
        0.16 * stage.height,
        mix(palette.sky_low, palette.sky_high, 0.5),
    )
    x, y, radius = 0.3 * stage.width, 0.76 * stage.height, 0.15 * stage.height
    ring = [(x + radius * 1.2 * c, y + radius * s) for c, s in _circle()]
    stage.canvas.stroke(ring, 2.2 * stage.unit, lit(inside, -0.03))
    stage.canvas.ellipse(x, y, radius * 0.3, radius * 0.28, lit(inside, 0.1))


def _circle() -> list[tuple[float, float]]:
    from math import cos, sin, tau  # noqa: PLC0415

    return [(cos(tau * n / 40), sin(tau * n / 40)) for n in range(41)]


def brick(stage: Stage) -> None:
    """Draw a wall of bricks and the pavement before it, the light falling along it."""
    wall = _tinted(stage, (168, 74, 58), 0.05)
    base = stage.horizon + 0.12 * stage.height
    stage.canvas.rectangle(0, 0, stage.width, base, mix(wall, (226, 206, 190), 0.4))
    tall, wide = 3.6 * stage.unit, 8.4 * stage.unit
    rows, columns = int(base / tall) + 1, int(stage.width / wide) + 2
    for row in range(rows):
        for n in range(columns):
            x = (n - 0.5 * (row % 2)) * wide
            y = base - (row + 1) * tall
            colour = lit(wall, stage.dice.uniform(-0.045, 0.045))
            stage.canvas.rectangle(
                x + 0.3 * stage.unit,
                y + 0.3 * stage.unit,
                x + wide - 0.3 * stage.unit,
                y + tall - 0.2 * stage.unit,
                colour,
            )
    left = stage.light_x < stage.width / 2
    source = -0.1 * stage.width if left else 1.1 * stage.width
    stage.canvas.glow(
        source, 0.2 * stage.height, stage.width * 0.8, stage.height * 0.9, stage.palette.light, 0.55
    )
    floor = _tinted(stage, (138, 134, 132), 0.2)
    stage.canvas.rectangle(0, base, stage.width, stage.height, floor)
    stage.canvas.rectangle(0, base, stage.width, base + 0.8 * stage.unit, lit(floor, -0.12))


def party(stage: Stage) -> None:
    """Draw a street closed for a party: houses, tables, paper lanterns."""
    square(stage)


PLACES: dict[str, Callable[[Stage], None]] = {
    "hallway": hallway,
    "hall": hall,
    "workshop": workshop,
    "hospital": hospital,
    "shop": shop,
    "shopfront": shopfront,
    "cinema": cinema,
    "square": square,
    "pier": pier,
    "ice": ice,
    "moon": moon,
    "stadium": stadium,
    "classroom": classroom,
    "car_inside": car_inside,
    "brick": brick,
    "party": party,
}
