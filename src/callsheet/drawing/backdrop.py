"""What lies behind everything: the sky or the wall, painted small and enlarged, as it is soft."""

from PIL import Image

from callsheet.drawing.colours import BLACK, Colour, lit, mix
from callsheet.drawing.stage import Stage

_WIDTH = 160


def backdrop(stage: Stage, size: tuple[int, int]) -> Image.Image:
    """Paint sky or wall over the whole scene."""
    rows = max(24, min(640, round(_WIDTH * size[1] / size[0])))
    top, bottom = _ends(stage)
    small = _fade(rows, top, bottom, 1.0 if stage.plan.indoors else stage.plan.horizon)
    _shine(stage, small)
    return small.resize(size, Image.Resampling.BICUBIC)


def _ends(stage: Stage) -> tuple[Colour, Colour]:
    palette, setting = stage.palette, stage.plan.setting
    if setting == "space":
        return mix(palette.sky_high, BLACK, 0.75), mix(palette.sky_high, BLACK, 0.35)
    if setting == "underwater":
        return lit(palette.near, 0.28), mix(palette.near, BLACK, 0.45)
    if setting == "stage":
        return mix(palette.sky_high, BLACK, 0.55), mix(palette.sky_low, BLACK, 0.35)
    if setting in ("studio", "abstract"):
        return lit(palette.sky_low, -0.1), lit(palette.sky_low, 0.03)
    if stage.plan.indoors:
        wall = mix(palette.far, palette.sky_low, 0.35)
        return lit(wall, -0.12), lit(wall, -0.02)
    return palette.sky_high, palette.sky_low


def _fade(rows: int, top: Colour, bottom: Colour, end: float) -> Image.Image:
    column = Image.new("RGB", (1, rows))
    last = max(1.0, rows * end)
    column.putdata([mix(top, bottom, _ease(min(1.0, row / last))) for row in range(rows)])
    return column.resize((_WIDTH, rows), Image.Resampling.NEAREST)


def _ease(part: float) -> float:
    return part * part * (1.6 - 0.6 * part)


def _shine(stage: Stage, small: Image.Image) -> None:
    plan = stage.plan
    if plan.setting == "underwater":
        _glow(small, plan.light_x, -0.1, 0.9, stage.palette.light, 0.5)
    elif plan.setting in ("studio", "abstract"):
        _glow(small, plan.subject_x, plan.horizon - 0.22, 0.95, lit(stage.palette.light, 0.02), 0.6)
    elif plan.indoors:
        _glow(small, plan.light_x, 0.3, 0.9, stage.palette.light, 0.45)
    elif plan.setting != "space":
        night = stage.palette.dark
        height = plan.light_y or plan.horizon - 0.04
        _glow(
            small,
            plan.light_x,
            height,
            0.7 if night else 1.15,
            stage.palette.light,
            0.42 if night else 0.7,
        )
        if not night:
            _glow(small, plan.light_x, height, 0.45, stage.palette.light, 0.55)


def _glow(
    small: Image.Image, x: float, y: float, across: float, colour: Colour, strength: float
) -> None:
    """Add a round light of `across` times the larger side."""
    side = max(8, round(max(small.size) * across))
    light = _spot(side, strength)
    corner = (round(x * small.width - side / 2), round(y * small.height - side / 2))
    small.paste(colour, (*corner, corner[0] + side, corner[1] + side), light)


def _spot(side: int, strength: float) -> Image.Image:
    spot = Image.radial_gradient("L").resize((side, side), Image.Resampling.BILINEAR)
    return spot.point(
        [round(255 * strength * max(0.0, 1 - value / 181) ** 1.8) for value in range(256)]
    )
