"""Who does what to what, with what, where, when and in what light: a shot understood.

A `Story` is plain data. `understand` reads one from a prompt; a caller that knows better may hand
another to `draw_frame` in its place.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from callsheet.drawing.colours import Colour
from callsheet.drawing.pictographs.lexicon import code_for, language_of, small_words, words_of
from callsheet.drawing.reading import (
    Needle,
    Reading,
    hue_of,
    needle,
    needles,
    plain_text,
    read_prompt,
)
from callsheet.drawing.words import phrases_of, table_of

_MOST_PEOPLE, _MOST_PROPS = 5, 8
_READ_CHARS = 1_200  # further on, prompts repeat themselves
_NEAR = 26  # characters between a colour or number and what it belongs to
_SOON = 16  # characters from a name to what somebody of that name does
_PLURAL_ENDINGS = {
    "en": re.compile(r"(?:[^sui]s|men|people|children|mice|ves|ches|shes|xes)$"),
    "es": re.compile(r"[aeiourln]e?s$"),
    "fr": re.compile(r"[^sui]s$|aux$"),
    "pt": re.compile(r"[aeiou]s$"),
    "ru": re.compile(r"(?:ки|ры|ты|ги|цы|ны|ы)$"),
    "de": re.compile(r"(?:innen|frauen|manner|kinder|kerzen|blumen|nadeln|roboter|hunde|katzen)$"),
}  # fmt: skip
_LARGEST = re.compile(
    r" (smallest|biggest|largest|choose|sizes|kleinste\w*|mas peque\w*|plus petit\w*) "
)
_FIRST_IDEOGRAPH = 0x2E80  # such words are not spaced
_VIEW = 8  # characters after such words that still speak of the view
_NOT = re.compile(
    r" (?:without|with no|no|not|ohne|kein\w*|sin|sans|senza|sem|без|нет|بدون|بلا)"
    r" (?:any |a |the )?"
    r"([^\s]+)(?: (?:or|and|nor|oder|und|ni|y|ou|et|или|и|o|e) ([^\s]+))?(?= )"
)
_NOT_AFTER = re.compile(r"([^\s、。]{1,4}?)(?:なし|抜き|のない)|(?:没有|不要)([^\s，。、]{1,2})")  # noqa: RUF001
_NAMES = re.compile(r"(?<![\w'])([A-Z][a-zà-ÿ]+(?: [A-Z][a-zà-ÿ]+)?)(?:'s)?(?![\w])")
_LATIN_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody: `role` names who (see vocabulary/roles.toml), `pose` what the body does."""

    role: str
    count: int = 1
    sex: str = ""
    age: str = ""
    pose: str = "stand"
    face: str = ""
    prop: str = ""
    name: str = ""
    worn: tuple[tuple[str, Colour | None], ...] = ()  # garments and their colours
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing or animal: `draw` names its drawing, `metres` is its height."""

    name: str
    draw: str
    metres: float
    at: str
    count: int = 1
    colour: Colour | None = None
    glows: bool = False
    burns: bool = False
    worn: tuple[tuple[str, Colour | None], ...] = ()
    action: str = ""


@dataclass(frozen=True, slots=True)
class Story:
    """What a prompt says; `unknown` holds the words that nothing was made of."""

    reading: Reading
    people: tuple[Person, ...] = ()
    props: tuple[Prop, ...] = ()
    actions: tuple[str, ...] = ()
    hands: bool = False
    burning: bool = False
    graded: bool = False  # several of one thing, from small to large
    light_from: str = ""  # left or right, where that is said
    view: bool = False  # what is named lies behind a window
    language: str = "en"
    without: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was understood that could be drawn."""
        reading = self.reading
        return not (self.people or self.props or reading.setting or reading.things)


@dataclass(frozen=True, slots=True)
class _Hit:
    start: int
    end: int
    table: str
    name: str

    @property
    def length(self) -> int:
        return self.end - self.start


def understand(prompt: str) -> Story:
    """Read a prompt; what it denies is left out, what is not known is said."""
    plain = plain_text(prompt[:_READ_CHARS]).replace("'s ", " ")
    plain, without = _without(plain)
    language = language_of(plain)
    hits = _hits(plain)
    taken = [hit for hit in hits if hit.table in _TABLES]
    loose, unknown = _loose_things(plain, hits, language)
    hues = [hit for hit in hits if hit.table == "hues"]
    reading = _reading(read_prompt(plain), plain, hits)
    props = [*_props(taken, plain, language, hues), *loose]
    people = _people([hit for hit in taken if hit.table != "props"], plain, language, hues)
    people, names = _named(people, prompt, language, hits)
    props = [prop for prop in props if prop.name not in names]
    actions = tuple(dict.fromkeys(hit.name for hit in taken if hit.table == "actions"))
    burning = any(word in plain for word in phrases_of("burning"))
    props = _acting(props, people, taken, hues, plain)
    return Story(
        reading=reading,
        people=tuple(people[:_MOST_PEOPLE]),
        props=tuple(_merged(props)[:_MOST_PROPS]),
        actions=actions,
        hands=any(hit.name == "people.hands" for hit in hits),
        burning=burning,
        graded=bool(_LARGEST.search(plain)),
        light_from=_light_from(plain),
        view=any(words in plain for words in phrases_of("window_view")),
        language=language,
        without=without,
        unknown=tuple(word for word in unknown if word not in names),
    )


def _light_from(plain: str) -> str:
    return next(
        (
            side for side in table_of("grammar")["light_from"]
            if any(words in plain for words in phrases_of("light_from", side))
        ),
        "",
    )  # fmt: skip


def _without(plain: str) -> tuple[str, tuple[str, ...]]:
    """Take out what is denied: "no text or logos", "ohne Hut"."""
    denied: list[str] = []

    def drop(match: re.Match[str]) -> str:
        denied.extend(word for word in match.groups() if word)
        return " "

    plain = _NOT_AFTER.sub(drop, _NOT.sub(drop, plain))
    return plain, tuple(denied)


_TABLES = ("roles", "actions", "garments", "props")
_KNOWN = ("sizes", "angles", "settings", "times", "weather", "moods", "hues", "things")
# Of two readings of equal length the one further to the left is taken.
_ORDER = (
    "sizes", "angles", "garments", "actions", "roles", "props", "things", "settings", "weather",
    "times", "hues", "moods",
)  # fmt: skip


def _hits(plain: str) -> list[_Hit]:
    """Find all words that are known, the longer before the shorter, none over another."""
    found: list[_Hit] = []
    for table in (*_TABLES, *_KNOWN):
        for each in _table_needles(table):
            found.extend(
                _Hit(start, start + length, table, each.notion)
                for start, length in each.every(plain)
            )
    found.sort(
        key=lambda hit: (
            -hit.length,
            _ORDER.index(hit.table),
            (hit.name in _VAGUE) + (hit.name == "room"),
            hit.start,
        )
    )
    chosen: list[_Hit] = []
    covered = bytearray(len(plain) + 1)
    for hit in found:
        if not any(covered[hit.start : hit.end]):
            chosen.append(hit)
            covered[hit.start : hit.end] = b"\1" * hit.length
    return sorted(chosen, key=lambda hit: hit.start)


@lru_cache(maxsize=16)
def _table_needles(table: str) -> tuple[Needle, ...]:
    if table in _KNOWN:
        return needles(table)
    return tuple(
        needle(" ".join(word.split()), name)
        for name, entry in table_of(table).items()
        for word in entry["words"].split(",")
        if word.strip()
    )


def _reading(reading: Reading, plain: str, hits: Sequence[_Hit]) -> Reading:
    """Correct the place: what is seen through a window is not where we are."""
    places = [hit for hit in hits if hit.table == "settings"]
    outside = [plain.find(words) for words in phrases_of("window_view") if words in plain]
    inner = [hit for hit in places if not any(0 <= hit.start - at < _VIEW for at in outside)]
    named = [hit for hit in inner if hit.name not in ("room", "studio")] or inner
    strong = [hit for hit in named if hit.name not in _VAGUE] or named
    setting = strong[0].name if strong else ("room" if outside else "")
    things = tuple(
        thing for thing in reading.things
        if any(hit.table == "things" and hit.name == f"{thing.sort}.{thing.name}" for hit in hits)
    )  # fmt: skip
    time = reading.time
    if time == "fire" and not any(hit.table == "times" and hit.name == "fire" for hit in hits):
        time = "night" if "dark" in reading.moods else "fire"
    return replace(reading, setting=setting, things=things, time=time)


_VAGUE = frozenset(("room", "city", "cafe", "sea", "field", "workshop"))


def _number_near(plain: str, hit: _Hit) -> int:
    before = plain[max(0, hit.start - _NEAR) : hit.start + 1].split()
    window = before[-3:]
    for number, words in table_of("grammar")["numbers"].items():
        count = int(number)
        if count > 1 and any(word in window for word in words.split()):
            return count
        if count > 1 and any(
            ord(word[0]) > _FIRST_IDEOGRAPH
            and plain[max(0, hit.start - len(word) - 1) : hit.start].endswith(word)
            for word in words.split()
        ):
            return count
    return 0


def _plural(plain: str, hit: _Hit, language: str) -> bool:
    word = plain[hit.start : hit.end + 12].strip().split(" ")
    spoken = " ".join(word[: max(1, plain[hit.start : hit.end].strip().count(" ") + 1)])
    if language in ("ja", "zh", "ko"):
        return plain[hit.end : hit.end + 2].startswith(("们", "たち", "達", "들"))
    ending = _PLURAL_ENDINGS.get(language)
    return bool(ending and ending.search(spoken)) and not spoken.endswith(("'s", "ss", "us"))


def _count(plain: str, hit: _Hit, language: str, default: int = 3) -> int:
    return _number_near(plain, hit) or (default if _plural(plain, hit, language) else 1)


def _colour_near(plain: str, hit: _Hit, hues: Sequence[_Hit]) -> Colour | None:
    """Find the colour said of a thing: before it, or after it in Romance languages."""
    before = [
        hue for hue in hues
        if 0 <= hit.start + 1 - hue.end <= _NEAR // 2
        and plain[hue.end : hit.start].count(" ") <= 1
    ]  # fmt: skip
    after = [
        hue for hue in hues
        if 0 <= hue.start + 1 - hit.end <= _NEAR // 2
        and plain[hit.end : hue.start].count(" ") <= 1
    ]  # fmt: skip
    near = before[-1:] or after[:1]
    return hue_of(near[0].name) if near else None


def _props(hits: Sequence[_Hit], plain: str, language: str, hues: Sequence[_Hit]) -> list[Prop]:
    found = []
    for hit in hits:
        if hit.table != "props":
            continue
        entry = table_of("props")[hit.name]
        if entry["draw"] == "none":
            continue
        count = _count(plain, hit, language, entry.get("count", 3))
        found.append(
            Prop(
                hit.name, entry["draw"], entry["metres"], entry["at"],
                count=max(count, entry.get("count", 1)), colour=_colour_near(plain, hit, hues),
                glows=entry.get("glows", False),
            )
        )  # fmt: skip
    return found


_THING_METRES = {
    "mug": 0.11, "bottle": 0.3, "jar": 0.12, "shoe": 0.13, "phone": 0.16, "laptop": 0.26,
    "watch": 0.1, "headphones": 0.2, "bag": 0.4, "box": 0.3, "lamp": 0.5, "chair": 0.95,
    "book": 0.22, "camera": 0.13, "food": 0.1, "vase": 0.32, "flower": 0.45, "car": 1.5,
    "van": 2.3, "bicycle": 1.05, "boat": 5, "train": 3.6, "balloon": 14, "plane": 6,
    "lighthouse": 20, "house": 6, "tower": 24, "tree": 6, "dog": 0.7, "cat": 0.32, "horse": 1.75,
    "bird": 0.4,
}  # fmt: skip
_HELD_METRES = 0.35
_SKY = frozenset("🎈🪁🚁✈🛩🚀🛸🪂🦅🕊🦆🦇🐝🦋🎆")
_TABLE_METRES = 0.45
_MOST_LETTERS_OF_AN_IDEOGRAM = 6


def _loose_things(plain: str, hits: Sequence[_Hit], language: str) -> tuple[list[Prop], list[str]]:
    """Look up what the vocabulary does not know in the annotations of the emoji set."""
    covered = bytearray(len(plain) + 1)
    for word in phrases_of("burning"):
        for match in re.finditer(re.escape(word), plain):
            covered[match.start() : match.end()] = b"\1" * len(word)
    for hit in hits:
        thing = hit.name.partition(".")[2]
        if hit.table != "things" or thing in _DRAWN_WELL:
            covered[hit.start : hit.end] = b"\1" * hit.length
    hues = [hit for hit in hits if hit.table == "hues"]
    props: list[Prop] = []
    unknown: list[str] = []
    spans = _unspaced(plain, covered, language) if language in ("ja", "zh", "th") else _spaced(
        plain, covered, language
    )  # fmt: skip
    for start, end, code, word in spans:
        if code is None:
            unknown.append(word)
            continue
        hit = _Hit(start - 1, end, "emoji", code)
        metres = metres_of(code)
        at = "sky" if chr(int(code, 16)) in _SKY else _belongs(metres)
        props.append(
            Prop(
                word, code, metres, at, count=_count(plain, hit, language),
                colour=_colour_near(plain, hit, hues),
            )
        )  # fmt: skip
    known, said = _known_things(plain, hits, language, props, covered)
    left = [word for word in unknown if word not in said and _LATIN_WORD.search(word)]
    return [*props, *known], left


def _known_things(
    plain: str,
    hits: Sequence[_Hit],
    language: str,
    others: Sequence[Prop],
    covered: bytearray,
) -> tuple[list[Prop], set[str]]:
    """Take the things of the vocabulary that no emoji shows more exactly."""
    hues = [hit for hit in hits if hit.table == "hues"]
    phone = any(hit.name == "phone" for hit in hits)
    props: list[Prop] = []
    words: set[str] = set()
    for hit in hits:
        name = hit.name.partition(".")[2]
        if hit.table != "things" or hit.name.startswith("people."):
            continue
        if name not in _DRAWN_WELL and any(covered[hit.start : hit.end]):
            continue
        if name == "laptop" and phone:
            continue  # "a phone screen" is no computer
        said = plain[hit.start : hit.end].strip()
        words.update(said.split())
        if any(prop.name == said or prop.draw in _SAME.get(name, ()) for prop in others):
            continue
        metres = _THING_METRES.get(name, 0.3)
        props.append(
            Prop(
                name, name, metres, _belongs(metres), count=_count(plain, hit, language),
                colour=_colour_near(plain, hit, hues),
            )
        )  # fmt: skip
    return props, words


# Drawn better by us than by the emoji set; for the others an emoji is more exact ("pizza").
_DRAWN_WELL = frozenset(
    ("mug", "bottle", "jar", "shoe", "phone", "laptop", "watch", "headphones", "camera", "book",
     "car", "bicycle", "boat", "balloon", "lighthouse", "cat", "horse", "house", "tree")
)  # fmt: skip
_SAME = {
    "dog": ("1f415", "1f436", "1f9ae"), "cat": ("1f408", "1f431"), "horse": ("1f40e", "1f434"),
    "bird": ("1f426",), "tree": ("1f333", "1f332", "1f334"), "house": ("1f3e0",),
    "car": ("1f697",), "boat": ("26f5",), "flower": ("1f490", "1f33b", "1f339"),
    "train": ("1f686",), "food": ("1f355", "1f354", "1f35e", "1f370", "1f382"),
    "plane": ("2708", "1f680"),
    "tower": ("1f3f0", "26ea", "1f3e2"), "chair": ("1fa91", "1f6cb"), "box": ("1f4e6", "1f381"),
    "bag": ("1f45c", "1f392", "1f9f3"), "van": ("1f69a", "1f68c"),
    "book": ("1f4d6", "1f4da", "2709"),
}  # fmt: skip


def _belongs(metres: float) -> str:
    if metres <= _HELD_METRES:
        return "held"
    return "table" if metres <= _TABLE_METRES else "ground"


@lru_cache(maxsize=1)
def _metres() -> Mapping[str, float]:
    return {
        f"{ord(char):x}": float(size)
        for size, chars in table_of("sizes").items()
        for char in chars
        if char != "\ufe0f"
    }


def metres_of(code: str) -> float:
    """Tell about how tall a thing of the emoji set is."""
    return _metres().get(code, 0.25)


_Span = tuple[int, int, str | None, str]


def _spaced(plain: str, covered: bytearray, language: str) -> list[_Span]:
    words = [(match.start(), match.end(), match[0]) for match in re.finditer(r"\S+", plain)]
    spans: list[_Span] = []
    at = 0
    while at < len(words):
        for length in (3, 2, 1):
            group = words[at : at + length]
            start, end = group[0][0], group[-1][1]
            if len(group) < length or any(covered[start:end]):
                continue
            phrase = plain[start:end]
            code = code_for(phrase, language) if len(phrase) > 2 or length > 1 else None  # noqa: PLR2004 - letters
            if code or length == 1:
                if code or len(phrase) > 3:  # noqa: PLR2004 - small words say nothing
                    spans.append((start, end, code, phrase))
                at += length
                break
        else:
            at += 1
    return spans


def _unspaced(plain: str, covered: bytearray, language: str) -> list[_Span]:
    words = words_of(language)
    spans: list[_Span] = []
    at = 0
    while at < len(plain):
        for length in range(_MOST_LETTERS_OF_AN_IDEOGRAM, 0, -1):
            piece = plain[at : at + length]
            if len(piece) < length or any(covered[at : at + length]) or not piece.strip():
                continue
            alone = length > 1 or not _ideograms_beside(plain, at)
            if (
                piece in words
                and alone
                and " " not in piece
                and (code := code_for(piece, language))
            ):
                spans.append((at, at + length, code, piece))
                at += length - 1
                break
        at += 1
    return spans


def _ideograms_beside(plain: str, at: int) -> bool:
    """Tell whether a single ideograph is part of a longer word."""
    beside = plain[max(0, at - 1)] + plain[min(len(plain) - 1, at + 1)]
    return any(0x3400 <= ord(char) < 0xA000 for char in beside)  # noqa: PLR2004 - ideographs


def _people(hits: Sequence[_Hit], plain: str, language: str, hues: Sequence[_Hit]) -> list[Person]:
    """Gather people in the order they are named, with what they wear and do."""
    roles = table_of("roles")
    people: list[tuple[_Hit, Person]] = []
    for hit in hits:
        if hit.table != "roles":
            continue
        entry = roles[hit.name]
        if entry.get("pronoun"):
            if people and not people[-1][1].sex:
                people[-1] = people[-1][0], replace(people[-1][1], sex=entry["sex"])
            continue
        said = plain[hit.start : hit.end]
        sex = entry.get("sex", "") or _sex_of(said)
        count = entry.get("count", 1)
        count = max(count, _count(plain, hit, language)) if count == 1 else count
        people.append(
            (hit, Person(hit.name, count, sex, entry.get("age", ""),
                         colour=_colour_near(plain, hit, hues)))
        )  # fmt: skip
    if not people:
        people.extend(_pronouns(hits))
    worn = [hit for hit in hits if hit.table == "garments"]
    for garment in worn:
        at = _nearest(people, garment)
        if at is not None:
            hit, person = people[at]
            item = (garment.name, _colour_near(plain, garment, hues))
            people[at] = hit, replace(person, worn=(*person.worn, item), colour=None)
    _assign(people, [hit for hit in hits if hit.table == "actions"])
    return _apart([person for _, person in people])


def _sex_of(said: str) -> str:
    for sex in ("woman", "man"):
        if any(mark in said for mark in phrases_of("sex_marks", sex)):
            return sex
    return ""


def _pronouns(hits: Sequence[_Hit]) -> list[tuple[_Hit, Person]]:
    for hit in hits:
        if hit.table == "roles" and table_of("roles")[hit.name].get("pronoun"):
            sex = table_of("roles")[hit.name]["sex"]
            return [(hit, Person(sex, sex=sex))]
    return []


def _nearest(people: Sequence[tuple[_Hit, Person]], hit: _Hit) -> int | None:
    before = [n for n, (who, _) in enumerate(people) if who.start < hit.start]
    if before:
        return before[-1]
    return 0 if people else None


def _assign(people: list[tuple[_Hit, Person]], actions: Sequence[_Hit]) -> None:
    """Give each action to those named before it and not yet busy, else to the nearest."""
    if not people:
        return
    table = table_of("actions")
    busy: set[int] = set()
    for action in actions:
        entry = table[action.name]
        before = [n for n, (who, _) in enumerate(people) if who.start < action.start]
        agents = [n for n in before if n not in busy] or before[-1:] or [0]
        if "face" in entry:
            apart = [abs(who.start - action.start) for who, _ in people]
            agents = [apart.index(min(apart))] if not before or entry["face"] == "worry" else before
        for n in agents:
            hit, person = people[n]
            people[n] = hit, _doing(person, action.name, entry)
        if "pose" in entry or "face" not in entry:
            busy.update(agents)
        if entry.get("together"):
            _receive(people, agents, action)


_BOTH = {
    ("run", "umbrella"): "umbrella_run",
    ("umbrella", "run"): "umbrella_run",
    ("phone_pocket", "phone"): "phone_pocket",
    ("phone", "phone_pocket"): "phone_pocket",
}
_PLAIN_POSES = frozenset(("stand", "sit", "walk"))


def _doing(person: Person, name: str, entry: Mapping[str, Any]) -> Person:
    """Let somebody do something, beside what is done already."""
    pose = entry.get("pose", "" if "face" in entry else name)
    done = replace(person, face=entry.get("face", person.face))
    if entry.get("hat") == "crown":
        return replace(done, worn=(*person.worn, ("crown", None)))
    role = table_of("roles")[person.role]
    own = role.get("prop", "") if role.get("pose") == pose else ""
    prop = own or entry.get("prop", "") or person.prop
    if (person.pose, pose) in _BOTH:
        return replace(done, pose=_BOTH[person.pose, pose], prop=prop)
    if pose and person.pose in _PLAIN_POSES and pose != "stand":
        return replace(done, pose=pose, prop=prop)
    return done


def _receive(people: list[tuple[_Hit, Person]], agents: Sequence[int], action: _Hit) -> None:
    """Turn whom something is done to towards it: the next one named after the verb."""
    for n, (hit, person) in enumerate(people):
        if hit.start > action.start and n not in agents:
            pose = {"hug": "hug", "kiss": "hug", "give": "take", "take": "give"}.get(action.name)
            people[n] = hit, replace(person, pose=pose or person.pose)
            return


def _apart(people: list[Person]) -> list[Person]:
    """Spell out two or three of a kind as that many, and what a role does by itself."""
    roles = table_of("roles")
    alone: list[Person] = []
    moving = next((one.pose for one in people if one.pose in ("run", "walk", "dance")), "")
    for person in people:
        entry = roles[person.role]
        own = person
        if own.pose == "stand" and "pose" in entry:
            own = replace(own, pose=entry["pose"], prop=own.prop or entry.get("prop", ""))
        elif own.pose == "stand" and moving:
            own = replace(own, pose=moving)
        elif not own.prop and "prop" in entry:
            own = replace(own, prop=entry["prop"])
        several = own.role == "crowd"
        copies = 1 if several else min(4, own.count)
        sexes = {"couple": ("man", "woman"), "friends": ("man", "woman")}.get(own.role, ())
        one = replace(own, count=own.count if several else 1)
        alone.extend(replace(one, sex=sexes[n % 2]) if sexes else one for n in range(copies))
    return alone


def _named(
    people: list[Person], prompt: str, language: str, hits: Sequence[_Hit]
) -> tuple[list[Person], set[str]]:
    """Take capitalised words that nothing else explains for names, where somebody is missing."""
    if language == "de" or any(hit.name == "chart" for hit in hits):
        return people, set()
    found: list[str] = []
    small = small_words(language)
    number_words = frozenset(" ".join(table_of("grammar")["numbers"].values()).split())
    verbs = [hit.start for hit in hits if hit.table == "actions"]
    plain = plain_text(prompt[:_READ_CHARS]).replace("'s ", " ")
    for match in _NAMES.finditer(prompt[:_READ_CHARS]):
        words = plain_text(match[1]).split()
        at = plain.find(f" {' '.join(words)} ")
        first = match.start() == 0 or prompt[: match.start()].rstrip()[-1:] in ".:!?"
        known = any(hit.start <= at + 1 < hit.end for hit in hits)
        acts = any(0 < verb - at < _SOON for verb in verbs)
        small_word = any(word in small or word in number_words for word in words)
        if (
            at >= 0
            and not known
            and not small_word
            and (acts or not first)
            and match[1] not in found
        ):
            found.append(match[1])
    if not found or any(hit.table == "settings" and not people and not verbs for hit in hits):
        return people, set()
    if not found:
        return people, set()
    together = next((hit.name for hit in hits if hit.name in ("take", "give", "hug", "kiss")), "")
    poses = {
        "take": ("take", "give"),
        "give": ("give", "take"),
        "hug": ("hug", "hug"),
        "kiss": ("hug", "hug"),
    }
    acted = next(
        (
            hit.name
            for hit in hits
            if hit.table == "actions" and "face" not in table_of("actions")[hit.name]
        ),
        "stand",
    )
    alone = table_of("actions").get(acted, {}).get("pose", acted)
    face = "laugh" if any(hit.name == "laugh" for hit in hits) else ""
    named = [
        Person("person", sex="man" if n % 2 == 0 else "woman", name=name, face=face,
               pose=poses[together][min(n, 1)] if together else alone)
        for n, name in enumerate(found[:2])
    ]  # fmt: skip
    run = named[0].pose in ("run", "walk") if named else False
    rest = [
        replace(one, pose=named[0].pose) if run and one.pose == "stand" else one for one in people
    ]
    said = {word for name in found for word in name.lower().split()}
    return [*named, *rest], said | {word + "'s" for word in said}


_ANIMALS = frozenset(
    "🐕🐩🦮🐖🐗🐏🐑🐐🐺🦊🐒🐎🐴🦓🐂🐃🐄🐪🐫🦍🐻🐼🦁🐯🐅🐆🐘🦒🐈🐇🐓🦆🐧🐢🐁🐭🐀🐹🐸🐰🐱🐶🐨🐵🐷🐮🐔🦝🦘"
)


def is_animal(draw: str) -> bool:
    """Tell whether a drawing is of an animal that can act."""
    if draw in ("dog", "cat", "horse"):
        return True
    return draw[:1].isdigit() and chr(int(draw, 16)) in _ANIMALS


def _acting(
    props: list[Prop],
    people: Sequence[Person],
    hits: Sequence[_Hit],
    hues: Sequence[_Hit],
    plain: str,
) -> list[Prop]:
    """Let an animal do and wear what nobody else is there for."""
    at = next((n for n, prop in enumerate(props) if is_animal(prop.draw)), None)
    if at is None or people:
        return props
    worn = tuple(
        (hit.name, _colour_near(plain, hit, hues)) for hit in hits if hit.table == "garments"
    )
    action = next((hit.name for hit in hits if hit.table == "actions"), "")
    if action == "wear_crown":
        worn = (*worn, ("crown", None))
    own = replace(props[at], worn=worn, action=action, colour=None if worn else props[at].colour)
    return [*props[:at], own, *props[at + 1 :]]


def _merged(props: Sequence[Prop]) -> list[Prop]:
    """Keep one of each drawing; a thing that is named twice is the same one."""
    kept: dict[str, Prop] = {}
    for prop in props:
        known = kept.get(prop.draw)
        if known is None:
            kept[prop.draw] = prop
        elif prop.draw == "fabric":
            kept[prop.draw] = replace(known, count=min(4, known.count + 1))
        else:
            kept[prop.draw] = replace(
                known, count=max(known.count, prop.count), colour=known.colour or prop.colour
            )
    return list(kept.values())
