"""The strip under (or beside) the picture: scene, variant, prompt, notes, colours, references."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from callsheet.drawing.canvas import plate, rounded_mask
from callsheet.drawing.colours import Colour, Tone, mix, tone
from callsheet.drawing.faces import Weight
from callsheet.drawing.materials import cover
from callsheet.drawing.typesetting import draw_text, set_text
from callsheet.ports.pictures import FrameSpec

_PAPER: Colour = (238, 237, 232)
_DIM = 0.48
_WIDE = 2.3  # wider frames carry the slate at their side
_ROOMY = 132  # pixels of height from which there is space for a third row
_LETTERS = 26
_NARROW_STRIP = 420  # pixels; narrower ones need the margin's room
_MOST_THUMBNAILS = 3
_MOST_NAMED_RATIO = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """The frame cut in two: boxes as left, top, right, bottom."""

    scene: tuple[int, int, int, int]
    slate: tuple[int, int, int, int]
    text: int  # pixels, the size of small lettering
    beside: bool

    @property
    def scene_size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        left, top, right, bottom = self.scene
        return right - left, bottom - top


def lay_out(width: int, height: int) -> Layout:
    """Cut the frame: a strip below, or at the right of very wide frames."""
    text = max(9, round(math.sqrt(width * height) * 0.0168))
    if width / height > _WIDE:
        edge = width - round(max(width * 0.26, min(width * 0.4, text * 19)))
        return Layout((0, 0, edge, height), (edge, 0, width, height), text, beside=True)
    share = 0.215 if width >= height else 0.185
    strip = max(round(height * share), min(round(height * 0.3), round(text * 8)))
    edge = height - strip
    return Layout((0, 0, width, edge), (0, edge, width, height), text, beside=False)


def ratio_name(width: int, height: int) -> str:
    """Name the shape: ``16:9``, or ``1.85:1`` where the whole numbers would be large."""
    divisor = math.gcd(width, height)
    across, down = width // divisor, height // divisor
    if max(across, down) <= _MOST_NAMED_RATIO:
        return f"{across}:{down}"
    return f"{width / height:.2f}:1"


def variant_name(variant: int, variants: int) -> str:
    """Name a variant ``A``, ``B``, … or by number where letters run out."""
    if variants > _LETTERS or not 1 <= variant <= _LETTERS:
        return f"{variant}/{variants}"
    letter = chr(ord("A") + variant - 1)
    return letter if variants <= 1 else f"{letter} · {variant}/{variants}"


@dataclass(frozen=True, slots=True)
class _Inks:
    ground: Colour
    text: Colour
    dim: Colour
    accent: Colour


def _inks(accent: Colour) -> _Inks:
    seen = Tone.of(accent)
    ground = tone(0.19, min(0.018, seen.chroma), seen.hue)
    return _Inks(ground, _PAPER, mix(_PAPER, ground, _DIM), bright(accent))


def bright(accent: Colour) -> Colour:
    """Lift an accent where needed, so that it reads on dark and carries dark letters."""
    seen = Tone.of(accent)
    return seen.at(light=max(0.72, seen.light), chroma=min(0.14, seen.chroma)).colour()


def draw_slate(
    image: Image.Image,
    layout: Layout,
    spec: FrameSpec,
    *,
    accent: Colour,
    swatches: Sequence[Colour],
    styles: Sequence[Image.Image],
) -> None:
    """Draw the strip into its part of the frame."""
    inks = _inks(accent)
    left, top, right, bottom = layout.slate
    draw = ImageDraw.Draw(image)
    draw.rectangle((left, top, right, bottom), inks.ground)
    rule = max(2, round(layout.text * 0.22))
    draw.rectangle(
        (left, top, left + rule - 1, bottom)
        if layout.beside
        else (left, top, right, top + rule - 1),
        inks.accent,
    )
    pad = round(layout.text * (1.15 if right - left > _NARROW_STRIP else 0.8))
    box = (left + pad, top + round(pad * 0.8) + rule, right - pad, bottom - round(pad * 0.7))
    roomy = bottom - top >= _ROOMY
    head = _header(image, box, spec, inks, layout)
    foot = _footer(image, box, spec, inks, layout.text, swatches) if roomy else 0
    area = (box[0], box[1] + head, box[2], box[3] - foot)
    narrowed = _thumbnails(image, area, styles, layout) if roomy else area
    _caption(image, narrowed, spec.prompt, inks, layout.text)


_Box = tuple[int, int, int, int]


def _header(image: Image.Image, box: _Box, spec: FrameSpec, inks: _Inks, layout: Layout) -> int:
    """Scene and variant at the left, size and shape at the right; gives the height used."""
    left, top, right, _ = box
    size = round(layout.text * 1.18)
    name = variant_name(spec.variant, spec.variants)
    chip = set_text(
        name,
        (right - left) * 0.4,
        size * 1.4,
        largest=layout.text,
        smallest=8,
        most_lines=1,
        weight=Weight.BOLD,
    )
    chip_wide = round(chip.width * 1.04 + layout.text * 0.9)
    facts = f"PREVIEW · {spec.width} × {spec.height} · {ratio_name(spec.width, spec.height)}"  # noqa: RUF001 - these very characters are meant
    facts_wide = 0
    if not layout.beside and right - left > layout.text * 30:
        block = set_text(
            facts,
            (right - left) * 0.5,
            size * 1.4,
            largest=round(layout.text * 0.88),
            smallest=8,
            most_lines=1,
            weight=Weight.MEDIUM,
        )
        facts_wide = round(block.width * 1.02)
        draw_text(
            image, (right - facts_wide, top + (size * 1.34 - block.height) / 2), block, inks.dim
        )
    room = right - left - chip_wide - facts_wide - layout.text * 1.6
    scene = set_text(
        spec.scene or "Untitled scene",
        room,
        size * 1.4,
        largest=size,
        smallest=max(8, round(size * 0.8)),
        most_lines=1,
        weight=Weight.BOLD,
    )
    draw_text(image, (left, top + (size * 1.34 - scene.height) / 2), scene, inks.text)
    x = left + round(scene.width * 1.02 + layout.text * 0.6)
    tall = round(layout.text * 1.5)
    y = top + (size * 1.34 - tall) / 2
    plate(image, (x, y, x + chip_wide, y + tall), tall * 0.3, inks.accent)
    draw_text(image, (x + layout.text * 0.45, y + (tall - chip.height) / 2), chip, inks.ground)
    return round(size * 1.34 + layout.text * 0.35)


def _footer(
    image: Image.Image,
    box: _Box,
    spec: FrameSpec,
    inks: _Inks,
    text: int,
    swatches: Sequence[Colour],
) -> int:
    """Colours at the right, notes at the left; gives the height used."""
    left, _, right, bottom = box
    tall = round(text * 1.15)
    gap = max(1, tall // 6)
    across = len(swatches) * (tall + gap)
    for n, colour in enumerate(swatches):
        x = right - across + gap + n * (tall + gap)
        plate(image, (x, bottom - tall, x + tall, bottom), tall * 0.22, colour)
    notes = "  ·  ".join(note for note in spec.notes if note.strip())
    if notes:
        size = round(text * 0.88)
        block = set_text(
            notes,
            right - left - across - text,
            tall * 1.3,
            largest=size,
            smallest=max(8, size - 3),
            most_lines=1,
        )
        draw_text(
            image,
            (left, bottom - (tall + block.height) / 2),
            block,
            inks.dim,
            box_width=right - left - across - text,
        )
    return tall + round(text * 0.45)


def _thumbnails(
    image: Image.Image, area: _Box, styles: Sequence[Image.Image], layout: Layout
) -> _Box:
    """Show style references small; gives what is left for the prompt."""
    left, top, right, bottom = area
    shown = styles[:_MOST_THUMBNAILS]
    if not shown:
        return area
    gap = max(2, round(layout.text * 0.4))
    side = min(
        bottom - top, round(layout.text * 4.6), round((right - left) * 0.5 / len(shown)) - gap
    )
    if side < layout.text * 1.4:
        return area
    for n, picture in enumerate(shown):
        x = (
            left + n * (side + gap)
            if layout.beside
            else right - (len(shown) - n) * (side + gap) + gap
        )
        y = bottom - side if layout.beside else top
        mask = rounded_mask((side, side), side * 0.1)
        image.paste(cover(picture, (side, side)), (x, y), mask)
    if layout.beside:
        return left, top, right, bottom - side - gap
    return left, top, right - len(shown) * (side + gap) - gap, bottom


def _caption(image: Image.Image, area: _Box, prompt: str, inks: _Inks, text: int) -> None:
    left, top, right, bottom = area
    block = set_text(
        prompt.strip() or "No prompt",
        right - left,
        bottom - top,
        largest=round(text * 1.95),
        smallest=max(9, round(text * 0.78)),
    )
    draw_text(image, (left, top), block, inks.text, box_width=right - left)
