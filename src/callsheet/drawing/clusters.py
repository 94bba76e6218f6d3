"""Text cut into what a reader sees as one character, each with the face that can draw it."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from callsheet.drawing.emoji import emoji_name, is_pictograph
from callsheet.drawing.faces import INTER, Face, coverage, faces_for

_JOINER = "\u200d"
_JOINERS = ("\u200c", _JOINER)
_SELECTORS = ("\ufe0e", "\ufe0f")
_KEYCAP = "\u20e3"
_MARKS = frozenset(("Mn", "Mc", "Me"))
_MOST_MARKS = 6  # a pile of combining marks would otherwise paint over its neighbours
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
_FIRST_SYMBOL = 0x2000
_BLACK_FLAG = "\U0001f3f4"


@dataclass(frozen=True, slots=True)
class Glyph:
    """One cluster and how it is drawn: by a face, as an emoji picture, or as a labelled box."""

    text: str
    face: Face | None = None
    emoji: str | None = None

    @property
    def missing(self) -> bool:
        """Whether no face and no picture has it."""
        return self.face is None and self.emoji is None


# Most text is plain: each of its characters is a cluster, and our first face has them all.
_PLAIN = {chr(code): Glyph(chr(code), INTER) for code in range(0x20, 0x7F)}
_CONTROLS = {code: None for code in (*range(0x20), 0x7F) if not chr(code).isspace()}


def glyphs_of(text: str, limit: int) -> tuple[Glyph, ...]:
    """Cut at most `limit` characters of text and find each cluster's face.

    White space of any kind and length becomes one space; control and direction marks go, since
    untrusted text must not steer the layout.
    """
    if text.isascii():
        words = text[:limit].translate(_CONTROLS).split()
        return tuple(map(_PLAIN.__getitem__, " ".join(words)))
    return _found_glyphs(text[:limit])


def _found_glyphs(text: str) -> tuple[Glyph, ...]:
    plain = _clean(text)
    candidates = faces_for(plain)
    glyphs: list[Glyph] = []
    last: Face | None = None
    for cluster in _clusters(plain):
        if all(char in _JOINERS or char in _SELECTORS for char in cluster):
            continue  # nothing to join or select: invisible
        glyph = _glyph(cluster, candidates, last)
        last = glyph.face or last
        glyphs.append(glyph)
    return tuple(glyphs)


def _clean(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(_visible(composed))
    return " ".join(spaced.split())


def _visible(text: str) -> Iterator[str]:
    flag = False
    for char in text:
        kind = unicodedata.category(char)
        if char.isspace():
            yield " "
        elif kind == "Cc" or (kind == "Cf" and not _kept_format(char, after_flag=flag)):
            continue
        else:
            yield char
        flag = char == _BLACK_FLAG or (flag and ord(char) in _TAGS)


def _kept_format(char: str, *, after_flag: bool) -> bool:
    return char in _JOINERS or (after_flag and ord(char) in _TAGS)


def _clusters(text: str) -> Iterator[str]:
    cluster = ""
    for char in text:
        if cluster and _belongs(cluster, char):
            if len(cluster) - 1 < _MOST_MARKS or not _is_mark(char):
                cluster += char
        else:
            if cluster:
                yield cluster
            cluster = char
    if cluster:
        yield cluster


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in _MARKS and char not in _SELECTORS


def _belongs(cluster: str, char: str) -> bool:
    code = ord(char)
    if cluster == " ":
        return False
    if code in _FLAG_LETTERS:
        return len(cluster) == 1 and ord(cluster) in _FLAG_LETTERS
    return (
        char in _JOINERS
        or char in _SELECTORS
        or code in _SKIN_TONES
        or code in _TAGS
        or _is_mark(char)
        or (cluster[-1] == _JOINER and ord(cluster[0]) >= _FIRST_SYMBOL)
    )


def _glyph(cluster: str, candidates: Iterable[Face], last: Face | None) -> Glyph:
    if is_pictograph(cluster) or _KEYCAP in cluster:
        name = emoji_name(cluster)
        if name:
            return Glyph(cluster, emoji=name)
    drawn = "".join(char for char in cluster if char not in _SELECTORS)
    # Spaces and punctuation stay with the word before them, so that a run is not broken up.
    if last is not None and not cluster[0].isalnum() and _covers(last, drawn):
        return Glyph(drawn, last)
    for face in candidates:
        if _covers(face, drawn):
            return Glyph(drawn, face)
    base = drawn[:1]
    for face in candidates:
        if base and _covers(face, base):
            return Glyph(base, face)
    name = emoji_name(cluster)
    return Glyph(cluster, emoji=name)


def _covers(face: Face, text: str) -> bool:
    known = coverage(face)
    return all(ord(char) in known or char in _JOINERS for char in text)
