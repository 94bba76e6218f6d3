"""Where the words name no place: large quiet forms with depth."""

import math

from callsheet.drawing.colours import lit, mix
from callsheet.drawing.stage import Stage


def forms(stage: Stage) -> None:
    """Draw overlapping discs and planes around the subject's place."""
    palette, plan = stage.palette, stage.plan
    side = min(stage.width, stage.height)
    x, y = plan.subject_x * stage.width, stage.height * 0.46
    stage.canvas.ellipse(x, y, side * 0.36, side * 0.36, mix(palette.accent, palette.sky_low, 0.3))
    far = (1 - plan.subject_x) * stage.width
    stage.canvas.ellipse(far, stage.height * 0.24, side * 0.13, side * 0.13, palette.light, 0.7)
    for n, colour in enumerate((palette.far, palette.middle, palette.near)):
        top = plan.horizon + 0.02 + n * 0.1
        wave = []
        for step in range(49):
            t = step / 48
            swing = math.sin(t * 3.4 + n * 1.9 + plan.choice % 7) * 0.045
            wave.append((t * stage.width, (top + swing) * stage.height))
        stage.canvas.polygon(
            [*wave, (stage.width, stage.height + 1), (0, stage.height + 1)],
            lit(colour, 0.04 * (2 - n)),
            0.96,
        )


PLACES = {"abstract": forms}
