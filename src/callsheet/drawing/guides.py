"""What a viewfinder shows over the picture: thirds, safe area, labels."""

from PIL import Image, ImageDraw

from callsheet.drawing.canvas import plate
from callsheet.drawing.colours import WHITE, Colour, lightness
from callsheet.drawing.faces import Weight
from callsheet.drawing.materials import cover
from callsheet.drawing.typesetting import draw_text, set_text

DARK_LABEL: Colour = (18, 19, 23)
_ROOM_FOR_LINES = 180  # pixels; in less, lines would only be noise
_DARK_INK_FROM = 0.68  # lightness of a ground that white would not read on
_SAFE = 0.05  # of each side, left free


def draw_guides(image: Image.Image) -> None:
    """Draw the thirds faintly and the corners of the safe area."""
    draw = ImageDraw.Draw(image, "RGBA")
    wide, tall = image.size
    unit = min(image.size) / 100
    thin = max(1, round(unit * 0.11))
    if min(image.size) >= _ROOM_FOR_LINES:
        faint = (255, 255, 255, 44)
        for n in (1, 2):
            draw.rectangle((wide * n // 3, 0, wide * n // 3 + thin - 1, tall), faint)
            draw.rectangle((0, tall * n // 3, wide, tall * n // 3 + thin - 1), faint)
    _corners(draw, wide, tall, max(1, round(unit * 0.24)), max(5, round(unit * 4.5)))


def _corners(draw: ImageDraw.ImageDraw, wide: int, tall: int, thick: int, long: int) -> None:
    inset = round(min(wide, tall) * _SAFE)
    mark = (255, 255, 255, 190)
    for x, across in ((inset, 1), (wide - inset, -1)):
        for y, down in ((inset, 1), (tall - inset, -1)):
            _bar(draw, x, y, x + across * long, y + down * thick, mark)
            _bar(draw, x, y + down * thick, x + across * thick, y + down * long, mark)


def _bar(
    draw: ImageDraw.ImageDraw, x1: int, y1: int, x2: int, y2: int, mark: tuple[int, int, int, int]
) -> None:
    left, right = sorted((x1, x2))
    top, bottom = sorted((y1, y2))
    draw.rectangle((left, top, right - 1, bottom - 1), mark)


def draw_inset(image: Image.Image, picture: Image.Image, text: str, size: int) -> None:
    """Show where the shot ends: a small framed picture with its name, low in the free corner."""
    wide = round(image.width * 0.27)
    tall = min(round(wide * picture.height / picture.width), round(image.height * 0.4))
    inset = round(min(image.size) * _SAFE * 1.6)
    edge = max(1, round(size * 0.18))
    left, top = image.width - inset - wide, image.height - inset - tall
    draw = ImageDraw.Draw(image)
    draw.rectangle((left - edge, top - edge, left + wide + edge - 1, top + tall + edge - 1), WHITE)
    image.paste(cover(picture, (wide, tall)), (left, top))
    band = round(size * 1.7)
    draw.rectangle((left, top + tall - band, left + wide - 1, top + tall - 1), DARK_LABEL)
    block = set_text(
        text, wide - size, band, largest=size, smallest=max(7, size - 3), most_lines=1,
        weight=Weight.BOLD,
    )  # fmt: skip
    draw_text(image, (left + size * 0.5, top + tall - (band + block.height) / 2), block, WHITE)


def draw_label(
    image: Image.Image, text: str, *, right: bool, size: int, ground: Colour, room: float
) -> None:
    """Draw a small label inside a corner of the safe area."""
    pad = max(2, round(size * 0.5))
    block = set_text(
        text, room - 2 * pad, size * 1.4, largest=size, smallest=max(7, size - 3), most_lines=1,
        weight=Weight.BOLD,
    )  # fmt: skip
    inset = round(min(image.size) * _SAFE) + max(3, round(size * 0.6))
    wide, tall = round(block.width * 1.03) + 2 * pad, round(size * 1.75)
    left = image.width - inset - wide if right else inset
    plate(image, (left, inset, left + wide, inset + tall), tall * 0.28, ground, 0.86)
    ink: Colour = WHITE if lightness(ground) < _DARK_INK_FROM else (20, 20, 24)
    draw_text(image, (left + pad, inset + (tall - block.height) / 2), block, ink)
