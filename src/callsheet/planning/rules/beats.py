"""Beats: the sentences of a brief as what happens, to whom, where and when."""

import re
from dataclasses import dataclass
from typing import Final

from callsheet.planning.words import words

_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f\u061f])\s*|\n+|;\s+|\uff1b")
_THEN: Final = re.compile(
    r",?\s+(?:and then|then|until|before|when|while|but)\s+|"
    r",\s+and\s+(?=(?:he|she|they|it|the|a)\b)",
    re.IGNORECASE,
)
_ENGLISH: Final = words("a an the his her its their my our your two three four some")
_ARTICLES: Final = _ENGLISH | words(
    "der die das ein eine einen einem einer le la les un une des el los las una"
)
_ONE: Final = words("a an")
_PRONOUN: Final = re.compile(r"(?<![^\W_])(?:he|she|it)(?![^\W_])(?=\s+[a-z])", re.IGNORECASE)
_STOPS: Final = words(
    "in on at by of from to into onto with without over under through across along "
    "near beside behind and or but as while that who which is are was were be been "
    "being has have had for it they he she we you"
)
_LATER: Final = re.compile(
    r"\b(later|next (?:day|morning|night|year)|the following|years? (?:after|later)|suddenly it is|"
    r"at last|finally|später|am nächsten|plus tard|más tarde)\b",
    re.IGNORECASE,
)
_TIMES: Final = (
    ("night", re.compile(r"\b(night|midnight|moonlit|nacht|nuit|noche)\b|夜", re.IGNORECASE)),
    (
        "dawn",
        re.compile(r"\b(dawn|sunrise|daybreak|morgendämmerung|aube|amanecer)\b", re.IGNORECASE),
    ),
    (
        "dusk",
        re.compile(r"\b(dusk|sunset|twilight|golden hour|abend|atardecer)\b|夕", re.IGNORECASE),
    ),
    ("morning", re.compile(r"\b(morning|breakfast|morgen|matin|mañana)\b|朝", re.IGNORECASE)),
)
_PLACES: Final = (
    (
        "sea",
        "by the sea",
        r"sea|ocean|beach|shore|harbou?r|lighthouse|waves?|ship|boat|sailor|island|meer|küste|mer|mar|海|灯台",
    ),
    ("rain", "in the rain", r"rain(?:y|ing)?|storm|umbrella|regen|pluie|lluvia|雨"),
    ("snow", "in the snow", r"snow(?:y|ing)?|winter|blizzard|schnee|neige|nieve|雪"),
    ("forest", "in a forest", r"forest|woods|trees?|jungle|deer|wald|forêt|bosque|森"),
    (
        "street",
        "in a city street",
        r"city|street|town|taxi|car|traffic|market|stadt|straße|ville|rue|ciudad|calle|街|都市",
    ),
    (
        "kitchen",
        "in a kitchen",
        r"kitchen|cook(?:s|ing)?|chef|baker(?:y)?|bread|coffee|café|cafe|küche|cuisine|cocina|台所",
    ),
    ("office", "in an office", r"office|desk|computer|laptop|meeting|startup|büro|bureau|oficina"),
    (
        "field",
        "in a field",
        r"field|farm|meadow|garden|flowers?|horse|hill|mountain|feld|champ|campo|山",
    ),
    ("space", "in space", r"space|planet|rocket|astronaut|stars|moon|weltraum|espace|espacio|宇宙"),
    ("fire", "by a fire", r"fire(?:place|side)?|campfire|candle|feuer|feu|fuego"),
    ("crowd", "among people", r"crowd|concert|stadium|festival|party|wedding|audience"),
    (
        "room",
        "in a room",
        (
            r"(?:bed|bath|living |dining )?room|house|home|window|bed|sofa|library|school|zimmer|"
            r"maison|casa|部屋"
        ),
    ),
)
_PLACE_WORDS: Final = tuple(
    (sound, place, re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])", re.IGNORECASE))
    for sound, place, pattern in _PLACES
)


@dataclass(frozen=True, slots=True)
class Beat:
    """Something that happens: its words, and who and what is in it, as the brief names them.

    `place` says where in English words, "" where nothing tells; `sound` is what one hears there.
    """

    words: str
    things: tuple[str, ...] = ()
    shown: str = ""  # its words, with who is meant in the place of "he", "she", "it"
    place: str = ""
    sound: str = ""
    time: str = ""
    is_later: bool = False

    @property
    def subject(self) -> str:
        """Who or what it is about, as far as its words tell."""
        return self.things[0] if self.things else ""


def beats_of(story: str) -> list[Beat]:
    """Take a story apart into what happens, in order; at least one."""
    sentences = [part.strip(" \t\n,;:-\u2013\u2014") for part in _SENTENCES.split(story)]
    clauses = [
        clause.strip(" \t\n,;:")
        for sentence in sentences
        for clause in _THEN.split(sentence)
        if len(clause.strip(" .,;:")) > 1
    ]
    beats: list[Beat] = []
    meant = ""
    for clause in clauses:
        if any(map(str.isalpha, clause)):
            beats.append(_beat(clause, meant))
            meant = beats[-1].subject or meant
    return beats


def _beat(clause: str, meant: str) -> Beat:
    place, sound = _place_of(clause)
    time = next((name for name, words in _TIMES if words.search(clause)), "")
    things = tuple(noun_phrases(clause))
    shown = clause
    if meant and _PRONOUN.search(clause):
        shown = _PRONOUN.sub(lambda _: meant, clause, count=1)
        things = (meant, *(each for each in things if each != meant))
    return Beat(clause, things, shown, place, sound, time, bool(_LATER.search(clause)))


def _place_of(clause: str) -> tuple[str, str]:
    """Say where it is and what is heard: where several places are named, the first of the list."""
    for sound, place, pattern in _PLACE_WORDS:
        if pattern.search(clause):
            return place, sound
    return "", ""


def noun_phrases(clause: str) -> list[str]:
    """List what is named after an article: "a lighthouse keeper", "a message", "a bottle".

    A phrase ends at a preposition, at punctuation, at a verb as far as its ending and what follows
    it tell, and after three words; after one in other languages than English.
    """
    tokens = re.findall(r"[^\W_]+(?:['\u2019-][^\W_]+)*|[^\w\s]", clause)
    found: list[str] = []
    at = 0
    while at < len(tokens):
        if tokens[at].lower() not in _ARTICLES:
            at += 1
            continue
        phrase, at = [tokens[at]], at + 1
        most = 4 if phrase[0].lower() in _ENGLISH else 2  # elsewhere nothing tells a verb
        while at < len(tokens) and len(phrase) < most:
            word = tokens[at].lower()
            if word in _STOPS or word in _ARTICLES or not word[0].isalnum():
                break
            following = tokens[at + 1 : at + 2]
            one = phrase[0].lower() in _ONE
            if len(phrase) > 1 and _is_verb(word, following, of_one=one):
                break
            phrase.append(tokens[at])
            at += 1
        if len(phrase) > 1:
            found.append(" ".join(phrase))
    return list(dict.fromkeys(found))


def _is_verb(word: str, following: list[str], *, of_one: bool) -> bool:
    """Guess whether a word after a noun is its verb: "finds a", "walks through", "smiles".

    After "a" nothing is plural: what ends in s is a verb, whatever follows.
    """
    if not word.endswith(("s", "ed", "ing")) or word.endswith(("ss", "us")):
        return False
    if of_one and word.endswith("s"):
        return True
    return not following or following[0].lower() in _ARTICLES | _STOPS or not following[0].isalnum()
