"""What hangs in the air: fog, rain, snow, flares; and the darkening towards the edges."""

from PIL import Image

from callsheet.drawing.canvas import Canvas, paint
from callsheet.drawing.colours import BLACK, WHITE, Colour, mix
from callsheet.drawing.stage import Stage

_STEPS = 96
_CLEAR_AIR = frozenset(("studio", "abstract", "underwater", "space"))  # no haze at a horizon


def behind(stage: Stage, image: Image.Image) -> None:
    """Veil the far distance, more of it in fog; add lights far out of focus."""
    if "bokeh" in stage.reading.weather or (stage.palette.dark and stage.plan.soft > 0):
        canvas = Canvas(stage.width, stage.height)
        _sparks(stage.on(canvas))
        paint(image, canvas)
    if stage.plan.angle in ("overhead", "aerial") or stage.plan.setting in _CLEAR_AIR:
        return
    foggy = "fog" in stage.reading.weather
    if stage.plan.indoors and not foggy:
        return
    strength = 0.75 if foggy else 0.26
    spread = 0.34 if foggy else 0.12
    column = []
    for row in range(_STEPS):
        off = abs(row / _STEPS - stage.plan.horizon) / spread
        column.append(round(255 * strength * max(0.0, 1 - off) ** 1.5))
    veil = mix(stage.palette.sky_low, stage.palette.light, 0.35)
    _glaze(image, veil, column)


def in_front(stage: Stage, image: Image.Image) -> None:
    """Add what falls or drifts before the subject."""
    canvas = Canvas(stage.width, stage.height)
    near = stage.on(canvas)
    weather = stage.reading.weather
    if "rain" in weather:
        _rain(near)
    if "snow" in weather and not stage.plan.indoors:
        _snow(near)
    if canvas.shapes:
        paint(image, canvas)
    if "fog" in weather and stage.plan.angle not in ("overhead", "aerial"):
        column = [round(110 * max(0.0, row / _STEPS - 0.62) / 0.38) for row in range(_STEPS)]
        _glaze(image, mix(stage.palette.sky_low, stage.palette.light, 0.3), column)


def vignette(stage: Stage, image: Image.Image) -> None:
    """Darken the corners and the foreground a little, to hold the eye inside."""
    spot = Image.radial_gradient("L").resize((64, 64), Image.Resampling.BILINEAR)
    corners = spot.point([round(max(0, value - 96) * 0.5) for value in range(256)])
    shade = mix(stage.palette.shade, BLACK, 0.35)
    image.paste(shade, (0, 0), corners.resize(image.size, Image.Resampling.BICUBIC))
    if stage.plan.angle not in ("overhead", "aerial"):
        _glaze(
            image, shade, [round(60 * max(0.0, row / _STEPS - 0.7) / 0.3) for row in range(_STEPS)]
        )


def _glaze(image: Image.Image, colour: Colour, column: list[int]) -> None:
    mask = Image.new("L", (1, len(column)))
    mask.putdata(column)
    image.paste(colour, (0, 0), mask.resize(image.size, Image.Resampling.BICUBIC))


def _rain(stage: Stage) -> None:
    colour = mix(stage.palette.light, WHITE, 0.4)
    for _ in range(110):
        x, y = stage.dice.uniform(-0.1, 1.05) * stage.width, stage.dice.random() * stage.height
        long = stage.unit * stage.dice.uniform(3, 8)
        thick = stage.unit * stage.dice.uniform(0.07, 0.18)
        stage.canvas.polygon(
            (
                (x, y),
                (x + thick, y),
                (x + long * 0.2 + thick, y + long),
                (x + long * 0.2, y + long),
            ),
            colour,
            0.3,
        )


def _snow(stage: Stage) -> None:
    for _ in range(120):
        size = stage.unit * stage.dice.uniform(0.12, 0.5) ** 1.2
        stage.canvas.ellipse(
            stage.dice.random() * stage.width,
            stage.dice.random() * stage.height,
            size,
            size,
            WHITE,
            0.75,
        )


def _sparks(stage: Stage) -> None:
    """Draw discs of light far out of focus."""
    for _ in range(13):
        x = stage.dice.random()
        size = stage.unit * stage.dice.uniform(1.6, 5)
        y = stage.dice.uniform(0.08, 0.62) * stage.height
        colour = stage.dice.choice((stage.palette.light, stage.palette.accent))
        stage.canvas.ellipse(x * stage.width, y, size, size, colour, stage.dice.uniform(0.1, 0.24))
