"""Which emoji a word names, in 22 languages, from the annotations of Unicode CLDR.

The words are packed by `pack`; a language is loaded when a prompt is first written in it.
"""

import zlib
from functools import lru_cache
from importlib.resources import files

from callsheet.drawing import pictographs
from callsheet.drawing.words import table_of

_SCRIPTS = (
    (range(0x3040, 0x3100), "ja"), (range(0xAC00, 0xD7B0), "ko"), (range(0x0900, 0x0980), "hi"),
    (range(0x0E00, 0x0E80), "th"), (range(0x0590, 0x0600), "he"), (range(0x0600, 0x0700), "ar"),
    (range(0x3400, 0xA000), "zh"), (range(0x0400, 0x0500), "ru"),
)  # fmt: skip
_ANY = "any"  # the small words of all languages
_FA, _UK = frozenset("پچژگ"), frozenset("іїєґ")


def language_of(plain: str) -> str:
    """Tell the language of folded text: by its script, or by its small words."""
    for script, language in _SCRIPTS:
        if any(ord(char) in script for char in plain):
            if language == "ar" and _FA & set(plain):
                return "fa"
            return "uk" if language == "ru" and _UK & set(plain) else language
    words = plain.split()
    counts = {
        language: sum(words.count(small) for small in set(said.split()))
        for language, said in table_of("grammar")["small_words"].items()
        if language != _ANY
    }
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else "en"


@lru_cache(maxsize=24)
def small_words(language: str) -> frozenset[str]:
    """Articles, prepositions and numbers, which name nothing."""
    small = table_of("grammar")["small_words"]
    return frozenset(f"{small.get(language, '')} {small[_ANY]}".split())


@lru_cache(maxsize=1)
def _otherwise() -> frozenset[str]:
    """Words that the annotations have for something, but that shots mean otherwise."""
    return frozenset(table_of("grammar")["otherwise"]["words"].split())


@lru_cache(maxsize=24)
def words_of(language: str) -> dict[str, str]:
    """Load a language's words: each with the code point that it names."""
    packed = (files(pictographs) / f"{language}.words").read_bytes()
    lines = zlib.decompress(packed).decode().split("\n")
    return {word: code for word, _, code in (line.partition("\t") for line in lines)}


def code_for(phrase: str, language: str) -> str | None:
    """Find what a word or phrase names, in the plural too; None if nothing."""
    if phrase in _otherwise() or phrase in small_words(language):
        return None
    words = words_of(language)
    for form in _forms(phrase, language):
        if form in words and form not in _otherwise():
            return words[form]
    return None


_SHORTEST = 3


def _endings(table: str, language: str) -> tuple[str, ...]:
    said: str = table_of("grammar")[table].get(language, "")
    return tuple(said.split())


def _forms(phrase: str, language: str) -> tuple[str, ...]:
    forms = [phrase]
    for ending in _endings("endings", language):
        stem = phrase.removesuffix(ending)
        if stem != phrase and len(stem) >= (1 if language == "ko" else _SHORTEST):
            forms.append(stem)
            forms.extend(stem + swap for swap in _endings("swaps", language))
    if language == "en" and phrase.endswith("ies"):
        forms.append(phrase[:-3] + "y")
    if language in ("it", "pl") and len(phrase) > _SHORTEST:
        forms.extend(phrase[:-1] + swap for swap in _endings("swaps", language))
    return tuple(forms)
