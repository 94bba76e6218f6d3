"""Text set into a box: as large as fits, then smaller, then cut with an ellipsis; and drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw

from callsheet.drawing.canvas import OPAQUE
from callsheet.drawing.clusters import Glyph, glyphs_of
from callsheet.drawing.colours import Colour
from callsheet.drawing.emoji import emoji_picture
from callsheet.drawing.faces import INTER, MONO, Face, Weight, load
from callsheet.drawing.lines import Run, Word, is_wide, reads_leftward, runs_of, words_of

_MEASURED_AT = 64  # pixels; widths at other sizes are in proportion
_STEP = 0.92  # each try is this much smaller than the last
_LEADING = 1.34
_TALL_LEADING = 1.46  # scripts with marks above and below need more
_ASCENT = 0.97  # of the size, from a line's top to its baseline
_SLACK = 0.985  # hinting makes small letters a little wider than in proportion
_MOST_CHARS = 2_400
_ELLIPSIS = Glyph("…", INTER)
_EMOJI_SIZE = 1.12
_EMOJI_ADVANCE = 1.2
_LATIN_LIKE_END = 0x0590  # Latin, Greek, Cyrillic, Armenian: letters do not join
_PLAIN_END = "\u0250"  # Latin, with no mark apart from its letter
_SOFT_HYPHEN = "\u00ad"  # seen only where a line breaks
_STAMPED = 14  # pixels; up to this size letters are stamped
_SHORT_CODE = 4  # hexadecimal digits


@dataclass(frozen=True, slots=True)
class Line:
    """Glyphs of one line in reading order, and their width in pixels."""

    glyphs: tuple[Glyph, ...]
    width: float


@dataclass(frozen=True, slots=True)
class Block:
    """Text that was set: ready to draw at its size."""

    lines: tuple[Line, ...]
    size: int
    leading: float
    weight: Weight
    leftward: bool
    cut: bool

    @property
    def height(self) -> int:
        """Pixels from the first line's top to the last line's bottom."""
        return round(len(self.lines) * self.leading * self.size)

    @property
    def width(self) -> float:
        """Pixels of the longest line."""
        return max((line.width for line in self.lines), default=0.0)


def set_text(
    text: str,
    width: float,
    height: float,
    *,
    largest: int,
    smallest: int,
    most_lines: int = 99,
    weight: Weight = Weight.REGULAR,
) -> Block:
    """Set text into a box of `width` by `height` pixels.

    The largest size at which all of it fits is taken; if even the smallest is too large, the
    text ends with an ellipsis. One line is always set, whatever the height.
    """
    glyphs = glyphs_of(text, _MOST_CHARS)
    words = words_of(glyphs)
    widths = [_word_width(word, weight) for word in words]
    leading = _leading(glyphs)
    size = largest
    while True:
        fitting = max(1, min(most_lines, int(height / (leading * size))))
        lines, rest = _break(words, widths, width * _SLACK / size, fitting, weight)
        if not rest or size <= smallest:
            break
        size = max(smallest, int(size * _STEP))
    if rest:
        lines[-1] = _cut(lines[-1], width * _SLACK / size, weight)
    scaled = tuple(Line(line.glyphs, line.width * size) for line in lines)
    return Block(scaled, size, leading, weight, reads_leftward(glyphs), rest)


def _leading(glyphs: Sequence[Glyph]) -> float:
    tall = any(
        glyph.face is not None and glyph.face is not INTER and not is_wide(glyph)
        for glyph in glyphs
    )
    return _TALL_LEADING if tall else _LEADING


def _break(
    words: Sequence[Word], widths: Sequence[float], room: float, most: int, weight: Weight
) -> tuple[list[Line], bool]:
    """Fill at most `most` lines of `room` ems; tell whether something is left over."""
    space = _advance(INTER, " ", weight)
    lines: list[list[Glyph]] = [[]]
    used = [0.0]
    gap = False
    for word, whole in zip(words, widths, strict=True):
        for piece, wide in _pieces(word, whole, room, weight):
            extra = (space if gap else 0.0) + wide
            if lines[-1] and used[-1] + extra > room:
                if len(lines) == most:
                    return _as_lines(lines, used), True
                lines.append([])
                used.append(0.0)
                extra = wide
            elif gap and lines[-1]:
                lines[-1].append(Glyph(" ", lines[-1][-1].face or INTER))
            lines[-1].extend(piece)
            used[-1] += extra
            gap = False
        gap = word.spaced
    return _as_lines(lines, used), False


def _as_lines(lines: list[list[Glyph]], used: list[float]) -> list[Line]:
    return [Line(tuple(glyphs), width) for glyphs, width in zip(lines, used, strict=True)]


def _pieces(
    word: Word, width: float, room: float, weight: Weight
) -> list[tuple[tuple[Glyph, ...], float]]:
    """Leave a word whole if a line can hold it, else cut it where a line is full."""
    if width <= room:
        return [(word.glyphs, width)]
    pieces: list[tuple[tuple[Glyph, ...], float]] = []
    current: list[Glyph] = []
    used = 0.0
    for glyph in word.glyphs:
        wide = _glyph_width(glyph, weight)
        if current and used + wide > room:
            pieces.append((tuple(current), used))
            current, used = [], 0.0
        current.append(glyph)
        used += wide
    return [*pieces, (tuple(current), used)]


def _cut(line: Line, room: float, weight: Weight) -> Line:
    glyphs = list(line.glyphs)
    dots = _glyph_width(_ELLIPSIS, weight)
    width = line.width
    while glyphs and (width + dots > room or glyphs[-1].text == " "):
        width -= _glyph_width(glyphs.pop(), weight)
    return Line((*glyphs, _ELLIPSIS), max(0.0, width) + dots)


def _word_width(word: Word, weight: Weight) -> float:
    """Measure in ems. Scripts whose letters join are measured whole, the rest letter by letter."""
    text, face = "".join([glyph.text for glyph in word.glyphs]), word.glyphs[0].face
    if text.isascii() and face is not None:
        return _plain_width(face, text, weight)
    if all(glyph.face is None or is_wide(glyph) or _simple(glyph) for glyph in word.glyphs):
        return sum(_glyph_width(glyph, weight) for glyph in word.glyphs)
    runs = runs_of(word.glyphs, leftward=False)
    return sum(_run_width(run, _MEASURED_AT, weight) for run in runs) / _MEASURED_AT


@lru_cache(maxsize=8_192)
def _plain_width(face: Face, text: str, weight: Weight) -> float:
    return sum(_advance(face, char, weight) for char in text)


def _simple(glyph: Glyph) -> bool:
    return len(glyph.text) == 1 and ord(glyph.text) < _LATIN_LIKE_END


def _glyph_width(glyph: Glyph, weight: Weight) -> float:
    if glyph.emoji:
        return _EMOJI_ADVANCE
    if glyph.face is None:
        return _box_width(glyph)
    return _advance(glyph.face, glyph.text, weight)


def _box_width(glyph: Glyph) -> float:
    return 1.1 if len(_code(glyph)) <= _SHORT_CODE else 1.4


def _code(glyph: Glyph) -> str:
    return f"{ord(glyph.text[0]):04X}"


@lru_cache(maxsize=8_192)
def _advance(face: Face, text: str, weight: Weight) -> float:
    return load(face, _MEASURED_AT, weight).getlength(text) / _MEASURED_AT


def _run_width(run: Run, size: int, weight: Weight) -> float:
    face = run.glyphs[0].face
    if face is None:
        return _glyph_width(run.glyphs[0], weight) * size
    return load(face, size, weight).getlength(run.text, direction=_direction(run))


def _direction(run: Run) -> str:
    return "ltr" if run.rightward else "rtl"


def draw_text(
    image: Image.Image,
    at: tuple[float, float],
    block: Block,
    fill: Colour,
    *,
    box_width: float | None = None,
) -> None:
    """Draw a block with its top left corner at `at`.

    Text that reads leftward is set to the right edge of `box_width` where that is given.
    """
    draw = ImageDraw.Draw(image)
    left, top = at
    for number, line in enumerate(block.lines):
        baseline = (
            top + (number * block.leading + (block.leading - 1) / 2 + _ASCENT - 0.08) * block.size
        )
        runs = runs_of(line.glyphs, leftward=block.leftward)
        x = left
        if block.leftward and box_width is not None:
            x = left + box_width - sum(_run_width(run, block.size, block.weight) for run in runs)
        for run in runs:
            _draw_run(image, draw, (x, baseline), run, block, fill)
            if run is not runs[-1]:
                x += _run_width(run, block.size, block.weight)


def _draw_run(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    run: Run,
    block: Block,
    fill: Colour,
) -> None:
    first = run.glyphs[0]
    if first.emoji:
        side = max(8, round(block.size * _EMOJI_SIZE))
        picture = emoji_picture(first.emoji, side)
        image.paste(picture, (round(at[0]), round(at[1] - side * 0.82)), picture)
    elif first.face is None:
        _draw_code_box(draw, at, first, block.size, fill)
    elif block.size <= _STAMPED and _is_plain(run.text.rstrip(_ELLIPSIS.text)):
        _stamp(draw, at, run.text, first.face, block, fill)
    else:
        font = load(first.face, block.size, block.weight)
        draw.text(at, run.text, fill, font, anchor="ls", direction=_direction(run))


def _is_plain(text: str) -> bool:
    return text.isascii() or (max(text) < _PLAIN_END and _SOFT_HYPHEN not in text)


def _stamp(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    face: Face,
    block: Block,
    fill: Colour,
) -> None:
    """Set small letters one by one, each drawn once: shaping a line takes six times as long.

    What is lost is kerning, which is less than a pixel here.
    """
    x, baseline = at[0], round(at[1])
    for char in text:
        letter, left, top, advance = _letter(face, char, block.size, block.weight)
        if letter is not None:
            draw.bitmap((round(x) + left, baseline + top), letter, fill)
        x += advance


@lru_cache(maxsize=1_024)
def _letter(
    face: Face, char: str, size: int, weight: Weight
) -> tuple[Image.Image | None, int, int, float]:
    """Draw a letter alone; say where it lies from its origin on the baseline, and its advance."""
    font, advance = load(face, size, weight), _advance(face, char, weight) * size
    left, top, right, bottom = (round(side) for side in font.getbbox(char, anchor="ls"))
    if right <= left or bottom <= top:
        return None, 0, 0, advance
    letter = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(letter).text((-left, -top), char, OPAQUE, font, anchor="ls")
    return letter, left, top, advance


def _draw_code_box(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], glyph: Glyph, size: int, fill: Colour
) -> None:
    """Name a character that no face has by its code point, in a small frame."""
    code = _code(glyph)
    half = (len(code) + 1) // 2
    left, right = at[0] + size * 0.05, at[0] + size * (_box_width(glyph) - 0.1)
    top, bottom = at[1] - size * 0.9, at[1] + size * 0.16
    draw.rounded_rectangle(
        (left, top, right, bottom), size * 0.12, outline=fill, width=max(1, size // 18)
    )
    font = load(MONO, max(5, round(size * 0.44)), Weight.MEDIUM)
    middle, third = (left + right) / 2, (bottom - top) / 4
    draw.text((middle, top + third * 1.1), code[:half], fill, font, anchor="mm")
    draw.text((middle, bottom - third * 1.1), code[half:], fill, font, anchor="mm")
