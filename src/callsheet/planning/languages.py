"""Which language a text is in: by its script, and in the Latin script by its commonest words."""

import re
from collections.abc import Mapping
from typing import Final

from callsheet.planning.words import words

_SCRIPTS: Final = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
)
_COMMON: Final[Mapping[str, frozenset[str]]] = {
    "en": words("a an the and of in on at with is are his her their into from to"),
    "de": words("der die das und ein eine im in auf mit ist sich von zu dem den"),
    "fr": words("le la les un une des et dans sur avec est son sa du au aux"),
    "es": words("el la los las un una y en con es su del al por para que"),
    "it": words("il lo la gli un una e in con su della del che di nel"),
    "pt": words("o a os as um uma e em com na no do da que seu sua"),
    "nl": words("de het een en in op met van is zijn haar naar uit"),
}
_WORD: Final = re.compile(r"[^\W\d_]+")


def language_of(text: str) -> str:
    """Name the language of a text (ISO 639-1); "en" where nothing tells."""
    for language, script in _SCRIPTS:
        if script.search(text):
            return language
    words = [word.lower() for word in _WORD.findall(text)]
    scores = {name: sum(word in common for word in words) for name, common in _COMMON.items()}
    best = max(scores, key=lambda name: (scores[name], name == "en"))
    return best if scores[best] else "en"
