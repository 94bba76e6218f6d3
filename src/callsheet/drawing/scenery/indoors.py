"""Places with walls: studio, room, cafe, kitchen, office, stage."""

from callsheet.drawing.colours import BLACK, WHITE, lit, mix
from callsheet.drawing.stage import Stage

_CLEAR_OF_HEAD = 0.2  # of the width, between a picture on the wall and the subject
_TILE_ROWS = 4


def studio(stage: Stage) -> None:
    """Draw a seamless paper backdrop: a wide soft curve from wall to floor."""
    palette, plan = stage.palette, stage.plan
    floor = lit(palette.sky_low, 0.03)
    middle, half = plan.subject_x * stage.width, min(stage.width, stage.height) * 0.34
    disc = mix(palette.accent, palette.sky_low, 0.42)
    stage.canvas.ellipse(middle, stage.horizon - half * 0.62, half, half, disc)
    for n in range(8):
        stage.canvas.rectangle(
            0, stage.horizon - stage.unit * (4 - n), stage.width, stage.height, floor, 0.34
        )


def room(stage: Stage) -> None:
    """Draw a room: wall, window, floor, a picture, a lamp."""
    _walls(stage)
    _window(stage)
    away = 1 - stage.plan.light_x
    if abs(away - stage.plan.subject_x) > _CLEAR_OF_HEAD or stage.plan.tabletop:
        _picture(stage, away)
    _pendant(stage, (stage.plan.subject_x + away) / 2)


def cafe(stage: Stage) -> None:
    """Draw a cafe: window, shelves with glasses, hanging lamps, a counter."""
    _walls(stage)
    _window(stage)
    _shelves(stage, 1 - stage.plan.light_x)
    for n in range(3):
        _pendant(stage, 0.2 + 0.3 * n)


def kitchen(stage: Stage) -> None:
    """Draw a kitchen: tiles, window, shelf."""
    _walls(stage)
    line = lit(stage.palette.sky_low, -0.1)
    for n in range(1, 14):
        y = stage.horizon - n * stage.unit * 3.4
        if n <= _TILE_ROWS:
            stage.canvas.rectangle(0, y, stage.width, y + stage.unit * 0.18, line, 0.4)
    columns = max(2, int(stage.width / (stage.unit * 7)))
    for n in range(columns):
        x = n / columns * stage.width
        stage.canvas.rectangle(
            x, stage.horizon - stage.unit * 13.6, x + stage.unit * 0.18, stage.horizon, line, 0.4
        )
    _window(stage)
    _shelves(stage, 1 - stage.plan.light_x)


def office(stage: Stage) -> None:
    """Draw an office: a band of windows with a skyline behind."""
    _walls(stage)
    palette = stage.palette
    top, bottom = stage.height * 0.1, stage.horizon - stage.unit * 5
    stage.canvas.rectangle(0, top, stage.width, bottom, mix(palette.sky_low, palette.light, 0.5))
    for n in range(12):
        left = n / 12 * stage.width
        high = bottom - (bottom - top) * stage.dice.uniform(0.2, 0.7)
        stage.canvas.rectangle(left, high, left + stage.width / 13, bottom, palette.far, 0.7)
    for n in range(6):
        x = n / 5 * stage.width
        stage.canvas.rectangle(
            x - stage.unit * 0.7, top, x + stage.unit * 0.7, bottom, lit(palette.middle, -0.1)
        )


def platform(stage: Stage) -> None:
    """Draw a stage: cones of light, haze, a floor that shines."""
    palette = stage.palette
    floor = mix(palette.shade, BLACK, 0.3)
    stage.canvas.rectangle(0, stage.horizon, stage.width, stage.height, floor)
    for n, colour in enumerate((palette.accent, palette.light, palette.subject, palette.accent)):
        x = (0.14 + 0.24 * n) * stage.width
        foot = stage.plan.subject_x * stage.width + (n - 1.5) * stage.width * 0.16
        for spread, alpha in ((9, 0.08), (6, 0.1), (3.4, 0.12)):
            stage.canvas.polygon(
                ((x - stage.unit * 0.6, 0), (x + stage.unit * 0.6, 0),
                 (foot + stage.unit * spread * 1.6, stage.height * 0.92),
                 (foot - stage.unit * spread * 1.6, stage.height * 0.92)),
                colour, alpha,
            )  # fmt: skip
    foot = min(1.0, stage.plan.base) * stage.height
    stage.canvas.glow(
        stage.plan.subject_x * stage.width, foot, stage.width * 0.3, stage.unit * 7,
        palette.light, 0.4,
    )  # fmt: skip


def _walls(stage: Stage) -> None:
    palette = stage.palette
    floor = mix(palette.ground, palette.shade, 0.2)
    stage.canvas.rectangle(0, stage.horizon, stage.width, stage.height, floor)
    skirting = mix(palette.sky_low, palette.middle, 0.6)
    stage.canvas.rectangle(
        0, stage.horizon - stage.unit * 1.6, stage.width, stage.horizon, skirting
    )
    middle = stage.width / 2
    for n in range(-9, 10):
        x = middle + n * stage.width * 0.05
        foot = middle + n * stage.width * 0.17
        stage.canvas.polygon(
            ((x, stage.horizon), (x + stage.unit * 0.12, stage.horizon),
             (foot + stage.unit * 0.35, stage.height), (foot, stage.height)),
            lit(floor, -0.07), 0.7,
        )  # fmt: skip


def _window(stage: Stage) -> None:
    palette, unit = stage.palette, stage.unit
    half = min(stage.width * 0.15, stage.height * 0.3)
    x, top, bottom = stage.light_x, stage.height * 0.08, stage.horizon - stage.height * 0.14
    outside = (
        mix(palette.sky_high, palette.sky_low, 0.6)
        if palette.dark
        else mix(palette.light, WHITE, 0.2)
    )
    frame = lit(palette.middle, -0.06) if palette.dark else mix(palette.sky_low, WHITE, 0.35)
    stage.canvas.glow(x, (top + bottom) / 2, half * 2.4, (bottom - top), palette.light, 0.22)
    stage.canvas.rectangle(x - half - unit, top - unit, x + half + unit, bottom + unit, frame)
    stage.canvas.rectangle(x - half, top, x + half, bottom, outside)
    hill = mix(outside, palette.far, 0.55)
    stage.canvas.polygon(
        ((x - half, bottom - (bottom - top) * 0.24), (x, bottom - (bottom - top) * 0.34),
         (x + half, bottom - (bottom - top) * 0.2), (x + half, bottom), (x - half, bottom)),
        hill,
    )  # fmt: skip
    stage.canvas.rectangle(x - unit * 0.4, top, x + unit * 0.4, bottom, frame)
    middle = top + (bottom - top) * 0.42
    stage.canvas.rectangle(x - half, middle - unit * 0.4, x + half, middle + unit * 0.4, frame)
    stage.canvas.rectangle(
        x - half - unit * 2.4,
        bottom + unit,
        x + half + unit * 2.4,
        bottom + unit * 2.4,
        lit(frame, -0.04),
    )
    if not palette.dark:
        _light_on_floor(stage, x, half)


def _light_on_floor(stage: Stage, x: float, half: float) -> None:
    drift = (0.5 * stage.width - x) * 0.7
    top, bottom = stage.horizon + stage.unit * 6, stage.height * 0.99
    for left, right in ((-1.0, -0.08), (0.08, 1.0)):
        stage.canvas.polygon(
            ((x + left * half + drift * 0.4, top), (x + right * half + drift * 0.4, top),
             (x + right * half * 1.7 + drift, bottom), (x + left * half * 1.7 + drift, bottom)),
            stage.palette.light, 0.3,
        )  # fmt: skip


def _picture(stage: Stage, at: float) -> None:
    x, y, unit = at * stage.width, stage.height * 0.3, stage.unit
    stage.canvas.rectangle(
        x - unit * 8, y - unit * 9, x + unit * 8, y + unit * 9, lit(stage.palette.middle, -0.1)
    )
    stage.canvas.rectangle(
        x - unit * 7,
        y - unit * 8,
        x + unit * 7,
        y + unit * 8,
        mix(stage.palette.sky_low, WHITE, 0.5),
    )
    stage.canvas.ellipse(x - unit, y - unit, unit * 3.4, unit * 3.4, stage.palette.accent, 0.8)
    stage.canvas.polygon(
        ((x - unit * 7, y + unit * 8), (x - unit * 7, y + unit * 4), (x + unit * 2, y + unit),
         (x + unit * 7, y + unit * 5), (x + unit * 7, y + unit * 8)),
        stage.palette.middle,
    )  # fmt: skip


def _pendant(stage: Stage, at: float) -> None:
    x, unit = at * stage.width, stage.unit
    drop = stage.height * 0.17
    colour = lit(stage.palette.shade, 0.06)
    stage.canvas.rectangle(x - unit * 0.12, 0, x + unit * 0.12, drop, colour)
    if stage.palette.dark or stage.reading.time in ("golden", "dusk"):
        stage.canvas.glow(x, drop + unit * 4, unit * 17, unit * 15, stage.palette.light, 0.55)
    stage.canvas.polygon(
        (
            (x - unit * 0.9, drop),
            (x + unit * 0.9, drop),
            (x + unit * 4, drop + unit * 4),
            (x - unit * 4, drop + unit * 4),
        ),
        colour,
    )
    stage.canvas.ellipse(x, drop + unit * 4, unit * 3.6, unit * 0.6, stage.palette.light)


def _shelves(stage: Stage, at: float) -> None:
    left, right = (at - 0.17) * stage.width, (at + 0.17) * stage.width
    board = mix(stage.palette.ground, stage.palette.shade, 0.45)
    for row in range(3):
        y = stage.height * (0.2 + 0.12 * row)
        stage.canvas.rectangle(left, y, right, y + stage.unit * 0.8, board)
        x = left + stage.unit
        while x < right - stage.unit * 3:
            wide, tall = (
                stage.unit * stage.dice.uniform(1.3, 2.6),
                stage.unit * stage.dice.uniform(2.6, 6.4),
            )
            colour = stage.dice.choice(
                (
                    stage.palette.middle,
                    stage.palette.accent,
                    stage.palette.far,
                    stage.palette.subject,
                )
            )
            stage.canvas.rectangle(x, y - tall, x + wide, y, colour, 0.85)
            x += wide + stage.unit * stage.dice.uniform(0.4, 1.8)


PLACES = {
    "studio": studio,
    "room": room,
    "cafe": cafe,
    "kitchen": kitchen,
    "office": office,
    "stage": platform,
}
