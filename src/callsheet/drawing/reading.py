"""What a prompt says about the picture: framing, place, light, colours, subjects."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from callsheet.drawing import vocabulary
from callsheet.drawing.colours import Colour

_READ_CHARS = 4_000
_FILES = {
    "sizes": "shots",
    "angles": "shots",
    "settings": "settings",
    "times": "lights",
    "weather": "lights",
    "moods": "lights",
    "hues": "hues",
    "things": "things",
}
_DIACRITICS = re.compile("[\u0300-\u036f\u064b-\u0652\u0640]")
_ARABIC_FORMS = str.maketrans("\u0623\u0625\u0622\u0629", "\u0627\u0627\u0627\u0647")
_ARABIC_PREFIXES = ("وال", "بال", "فال", "كال", "ال", "لل", "و", "ب", "ل")
_ARABIC = range(0x0600, 0x0700)
_UNSPACED = (range(0x0E00, 0x0F00), range(0x3040, 0x3100), range(0x3400, 0xA000))
_WHOLE_ARABIC = frozenset(("لقطه",))  # "shot": without its first letter it would be a cat
_INSIDE_WORDS = frozenset("'&/-")
_PLAIN_WORD = re.compile("[a-z0-9'&/ -]*")
_SHORTEST_STEM = 4  # letters of an Arabic word that may go on after its stem
_SET_PHRASES = (
    ("depth of field", "bokeh"),
    ("field of view", " "),
    ("the camera ", " "),
    (" camera move", " "),
    ("camera angle", " "),
    ("living room", "room"),
)


@dataclass(frozen=True, slots=True)
class Thing:
    """A subject: its name in the vocabulary and its sort."""

    name: str
    sort: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was recognised; empty strings and tuples where nothing was."""

    size: str
    angle: str
    setting: str
    time: str
    weather: frozenset[str]
    moods: frozenset[str]
    colours: tuple[Colour, ...]
    things: tuple[Thing, ...]


@dataclass(frozen=True, slots=True)
class Needle:
    """A word to look for: its folded form, its length and what it stands for."""

    pattern: str | re.Pattern[str]
    length: int
    notion: str

    def find(self, text: str) -> int:
        """Find its first place, -1 for none."""
        if isinstance(self.pattern, str):
            return text.find(self.pattern)
        match = self.pattern.search(text)
        return match.start() if match else -1

    def every(self, text: str) -> list[tuple[int, int]]:
        """Find all its places: where each begins, and how long it is."""
        if not isinstance(self.pattern, str):
            return [(match.start(), len(match[0])) for match in self.pattern.finditer(text)]
        found: list[tuple[int, int]] = []
        at = text.find(self.pattern)
        while at >= 0:
            found.append((at, len(self.pattern.rstrip())))
            at = text.find(self.pattern, at + max(1, len(self.pattern) - 1))
        return found


def read_prompt(prompt: str) -> Reading:
    """Recognise what a prompt says; unknown words are passed over."""
    text = plain_text(prompt[:_READ_CHARS])
    sizes = _found(text, needles("sizes"))
    angles = _found(text, needles("angles"))
    settings = _found(text, needles("settings"))
    times = _found(text, needles("times"))
    things = _found(text, needles("things"))
    return Reading(
        size=_most_exact(sizes),
        angle=_earliest(angles),
        setting=_earliest(_named_places(settings)),
        time=_earliest(times),
        weather=frozenset(_found(text, needles("weather"))),
        moods=frozenset(_found(text, needles("moods"))),
        colours=tuple(hue_of(name) for name in _in_order(_found(text, needles("hues")))),
        things=tuple(_thing(name) for name in _in_order(things)),
    )


def _found(text: str, needles: tuple[Needle, ...]) -> dict[str, tuple[int, int]]:
    """Find each notion's best word: where it stands and how long it is."""
    found: dict[str, tuple[int, int]] = {}
    for needle in needles:
        at = needle.find(text)
        if at < 0:
            continue
        known = found.get(needle.notion)
        if known is None or (at, -needle.length) < (known[0], -known[1]):
            found[needle.notion] = (at, needle.length)
    return found


def _named_places(found: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    """Let a table or a window make a room only where no other place is named."""
    others = {place: at for place, at in found.items() if place != "room"}
    return others or found


def _in_order(found: Mapping[str, tuple[int, int]]) -> list[str]:
    return sorted(found, key=lambda notion: (found[notion][0], -found[notion][1]))


def _earliest(found: Mapping[str, tuple[int, int]]) -> str:
    return next(iter(_in_order(found)), "")


def _most_exact(found: Mapping[str, tuple[int, int]]) -> str:
    """Prefer the longest wording: "extreme close-up" also holds "close-up"."""
    return max(found, key=lambda notion: (found[notion][1], -found[notion][0]), default="")


def _thing(key: str) -> Thing:
    sort, _, name = key.partition(".")
    return Thing(name, sort)


def plain_word(text: str) -> str:
    """Fold a word or phrase as prompts are folded, without the forms that are added to them."""
    spaced = "".join(char if _in_word(char) else " " for char in _folded(text))
    return " ".join(spaced.split())


def plain_text(text: str) -> str:
    """Fold a prompt: no case, accents or marks, one space between words and at both ends."""
    joined = text.lower() if text.isascii() else _folded(text)
    spaced = "".join(char if _in_word(char) else " " for char in joined)
    plain = " ".join(form for word in spaced.split() for form in _forms(word))
    for phrase, meaning in _SET_PHRASES:
        plain = plain.replace(phrase, meaning)
    return f" {plain} "


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    bare = _DIACRITICS.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", bare).translate(_ARABIC_FORMS)


@lru_cache(maxsize=4_096)
def _in_word(char: str) -> bool:
    # `\w` would cut Indic words at their vowel signs, which are marks.
    return unicodedata.category(char)[0] in "LMN" or char in _INSIDE_WORDS


def _forms(word: str) -> tuple[str, ...]:
    """Add an Arabic word without the article and prepositions that are written onto it."""
    if ord(word[0]) in _ARABIC and word not in _WHOLE_ARABIC:
        for prefix in _ARABIC_PREFIXES:
            if word.startswith(prefix) and len(word) > len(prefix) + 2:
                return word, word[len(prefix) :]
    return (word,)


@lru_cache(maxsize=8)
def needles(kind: str) -> tuple[Needle, ...]:
    """Make the words of one table ready to be looked for."""
    return tuple(
        needle(" ".join(word.split()), notion)
        for notion, words in _vocabulary(kind).items()
        for word in words.split(",")
        if word.strip()
    )


def needle(word: str, notion: str) -> Needle:
    """Make one word ready: `word*` also matches longer ones, where the script does not."""
    stems = [_stem(part) for part in word.split("*")]
    plain = " ".join(stem for stem in stems if stem)
    if any(ord(plain[0]) in script for script in _UNSPACED):
        return Needle(plain, len(plain), notion)
    if word.strip("*").count("*"):
        inner = r"\S* ".join(re.escape(stem) for stem in stems if stem)
        return Needle(re.compile(f" {inner}"), len(plain), notion)
    open_end = "*" in word or _goes_on(plain)
    return Needle(f" {plain}" if open_end else f" {plain} ", len(plain), notion)


def _stem(part: str) -> str:
    """Fold a word of the vocabulary; most are plain already, and there are thousands."""
    if _PLAIN_WORD.fullmatch(part) and not any(
        phrase.strip() in part for phrase, _ in _SET_PHRASES
    ):
        return part.strip()
    return plain_text(part).strip()


def _goes_on(word: str) -> bool:
    """Tell whether endings may follow: Korean particles, Indic cases, Arabic suffixes."""
    first = ord(word[0])
    if first in _ARABIC:
        return len(word) >= _SHORTEST_STEM
    return first >= _ARABIC.stop


def _vocabulary(kind: str) -> Mapping[str, str]:
    table = _file(_FILES[kind])[kind]
    if kind == "hues":
        return {name: hue["words"] for name, hue in table.items()}
    if kind == "things":
        return {
            f"{sort}.{name}": words
            for sort, names in table.items()
            for name, words in names.items()
        }
    return dict(table)


def hue_of(name: str) -> Colour:
    """Find the colour that a name of the vocabulary stands for."""
    red, green, blue = bytes.fromhex(_file("hues")["hues"][name]["colour"][1:])
    return red, green, blue


@lru_cache(maxsize=8)
def _file(name: str) -> dict[str, Any]:
    return tomllib.loads((files(vocabulary) / f"{name}.toml").read_text("utf-8"))
