"""What is not known is said: the words themselves, set large in a drawn frame."""

from PIL import Image

from callsheet.drawing.canvas import Canvas, paint
from callsheet.drawing.colours import Colour, lit, mix
from callsheet.drawing.faces import Weight
from callsheet.drawing.stage import Stage
from callsheet.drawing.typesetting import draw_text, set_text

_MOST = 90  # characters: a card is read at a glance
_WIDE, _TALL = 0.62, 0.46  # of the frame


def draw_card(stage: Stage, image: Image.Image, words: str) -> None:
    """Draw a card with the words that nothing could be drawn of."""
    canvas = Canvas(stage.width, stage.height)
    unit = stage.unit
    half, tall = stage.width * _WIDE / 2, stage.height * _TALL / 2
    middle, centre = stage.width / 2, stage.height * 0.5
    paper = mix((247, 244, 236), stage.palette.shade, 0.3 if stage.palette.dark else 0.02)
    ink: Colour = mix((38, 38, 46), stage.palette.shade, 0.2)
    canvas.glow(middle + unit * 2, centre + tall, half * 1.2, unit * 8, stage.palette.shade, 0.5)
    canvas.rectangle(middle - half, centre - tall, middle + half, centre + tall, paper)
    for inset, thick in ((2.0, 0.7), (3.4, 0.22)):
        _frame(
            canvas,
            (
                middle - half + inset * unit,
                centre - tall + inset * unit,
                middle + half - inset * unit,
                centre + tall - inset * unit,
            ),
            thick * unit,
            ink,
        )
    canvas.rectangle(
        middle - unit * 5,
        centre + tall - unit * 7.4,
        middle + unit * 5,
        centre + tall - unit * 6.9,
        lit(stage.palette.accent, -0.05),
    )
    paint(image, canvas)
    block = set_text(
        words[:_MOST], half * 2 - unit * 14, tall * 2 - unit * 20,
        largest=max(12, round(unit * 9)), smallest=max(9, round(unit * 3)), most_lines=4,
        weight=Weight.BOLD,
    )  # fmt: skip
    draw_text(image, (middle - block.width / 2, centre - block.height / 2 - unit), block, ink)


def _frame(
    canvas: Canvas, box: tuple[float, float, float, float], thick: float, ink: Colour
) -> None:
    left, top, right, bottom = box
    canvas.rectangle(left, top, right, top + thick, ink)
    canvas.rectangle(left, bottom - thick, right, bottom, ink)
    canvas.rectangle(left, top, left + thick, bottom, ink)
    canvas.rectangle(right - thick, top, right, bottom, ink)
