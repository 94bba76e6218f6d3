"""Glyphs into lines: where a line may break, and in which order its parts are read."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from callsheet.drawing.clusters import Glyph

# East Asian line-breaking: closing marks and small kana do not open a line, nor do opening
# marks close one.
_NO_LINE_STARTS_WITH = frozenset(
    "、。，．：；？！）］｝」』】〉》〕〗〙”’…ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%,.:;!?)]}»›"  # noqa: RUF001 - these very characters are meant
)
_NO_LINE_ENDS_WITH = frozenset("（［｛「『【〈《〔〖〘“‘([{«‹")  # noqa: RUF001 - these very characters are meant
_WIDE = frozenset(("W", "F"))
_STARTS_SYLLABLE = frozenset("เแโใไເແໂໃໄ")  # Thai and Lao vowels that always open a syllable
_RIGHT = frozenset(("R", "AL"))
_NUMBERS = frozenset(("EN", "AN"))


@dataclass(frozen=True, slots=True)
class Word:
    """Glyphs that stay on one line; `spaced` when a space follows."""

    glyphs: tuple[Glyph, ...]
    spaced: bool


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring glyphs of one face and one direction, in reading order."""

    glyphs: tuple[Glyph, ...]
    rightward: bool

    @property
    def text(self) -> str:
        """The run's characters."""
        return "".join(glyph.text for glyph in self.glyphs)


def words_of(glyphs: Sequence[Glyph]) -> list[Word]:
    """Cut at spaces, between wide characters, and where Thai and Lao surely begin a syllable."""
    words: list[Word] = []
    current: list[Glyph] = []
    for glyph in glyphs:
        if glyph.text == " ":
            words.append(Word(tuple(current), spaced=True))
            current = []
            continue
        if current and _may_break(current[-1], glyph):
            words.append(Word(tuple(current), spaced=False))
            current = []
        current.append(glyph)
    words.append(Word(tuple(current), spaced=False))
    return [word for word in words if word.glyphs]


def _may_break(left: Glyph, right: Glyph) -> bool:
    before, after = left.text[-1], right.text[0]
    if before.isascii() and after.isascii():
        return False
    if before in _NO_LINE_ENDS_WITH or after in _NO_LINE_STARTS_WITH:
        return False
    return is_wide(left) or is_wide(right) or after in _STARTS_SYLLABLE


def is_wide(glyph: Glyph) -> bool:
    """Tell whether the glyph fills a square, as East Asian characters and emoji do."""
    return glyph.face is None or unicodedata.east_asian_width(glyph.text[0]) in _WIDE


def reads_leftward(glyphs: Sequence[Glyph]) -> bool:
    """Tell the paragraph's direction by its first letter that has one."""
    for glyph in glyphs:
        kind = unicodedata.bidirectional(glyph.text[0])
        if kind == "L" or kind in _RIGHT:
            return kind in _RIGHT
    return False


def runs_of(glyphs: Sequence[Glyph], *, leftward: bool) -> list[Run]:
    """Order one line's glyphs for drawing from left to right.

    A plain form of the Unicode bidirectional algorithm: direction marks were taken out before,
    and neutral characters follow their neighbours where these agree, else the paragraph.
    """
    if not leftward and _is_plain(glyphs):
        return [Run(tuple(glyphs), rightward=True)] if glyphs else []
    levels = _levels(glyphs, leftward=leftward)
    keyed = [
        (level, glyph.face, glyph.face is not None or position)
        for position, (glyph, level) in enumerate(zip(glyphs, levels, strict=True))
    ]
    runs: list[tuple[int, Run]] = []
    for (level, _, _), group in groupby(range(len(glyphs)), key=keyed.__getitem__):
        members = tuple(glyphs[position] for position in group)
        runs.append((level, Run(members, rightward=level % 2 == 0)))
    return _reordered(runs)


def _is_plain(glyphs: Sequence[Glyph]) -> bool:
    """Tell whether all is of one face and one direction, as text in ASCII is."""
    return "".join([glyph.text for glyph in glyphs]).isascii() and all(
        glyph.face is glyphs[0].face is not None for glyph in glyphs
    )


def _levels(glyphs: Sequence[Glyph], *, leftward: bool) -> list[int]:
    base = 1 if leftward else 0
    kinds = [_kind(glyph) for glyph in glyphs]
    levels: list[int] = []
    strong = "R" if leftward else "L"
    for position, kind in enumerate(kinds):
        if kind in ("L", "R"):
            strong = kind
        if kind == "N":
            levels.append(2 if base or strong == "R" else 0)
        elif kind:
            levels.append(_level(kind, base))
        else:
            following = next((other for other in kinds[position:] if other), "")
            after = strong if following == "N" else following
            levels.append(_level(strong, base) if strong == after else base)
    return levels


def _level(direction: str, base: int) -> int:
    return 1 if direction == "R" else 2 * base


def _kind(glyph: Glyph) -> str:
    if glyph.face is None:
        return ""
    kind = unicodedata.bidirectional(glyph.text[0])
    if kind in _RIGHT:
        return "R"
    if kind in _NUMBERS:
        return "N"
    return "L" if kind == "L" else ""


def _reordered(runs: list[tuple[int, Run]]) -> list[Run]:
    for level in range(max((level for level, _ in runs), default=0), 0, -1):
        start = 0
        while start < len(runs):
            if runs[start][0] < level:
                start += 1
                continue
            end = start
            while end < len(runs) and runs[end][0] >= level:
                end += 1
            runs[start:end] = reversed(runs[start:end])
            start = end
    return [run for _, run in runs]
