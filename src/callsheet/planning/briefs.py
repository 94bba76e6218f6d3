"""Briefs as people write them: a sentence or two, Markdown with front matter, or YAML."""

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml
from pydantic import ValidationError

from callsheet.planning.errors import BriefError
from callsheet.planning.languages import language_of
from callsheet.planning.model import MOST_WORDS, Brief
from callsheet.planning.words import words

MOST_BYTES: Final = 200_000
_FRONT: Final = re.compile(r"\A---\s*\n(?P<head>.*?)\n---\s*(?:\n|\Z)(?P<rest>.*)", re.DOTALL)
_LENGTH: Final = re.compile(
    r"(?P<number>\d+(?:[.,]\d+)?)[\s-]*"
    r"(?P<unit>s|secs?|seconds?|sekunden?|secondes?|segundos?|秒|ثانية|"
    r"mins|min|minutes?|minuten?|minutos?|分|hours?|stunden?|heures?|horas?)"
    r"(?![^\W\d_])",
    re.IGNORECASE,
)
_RATIO: Final = re.compile(r"(?<!\d)(16:9|9:16|1:1|4:3|3:4|21:9|4:5)(?!\d)")
_UPRIGHT: Final = re.compile(r"\b(vertical|portrait format|story format|reel)\b", re.IGNORECASE)
_SCENE_HEADING: Final = re.compile(r"^\.?(?:INT|EXT|EST|I/E)[. /]", re.MULTILINE)
_SHOT_LIST: Final = re.compile(r"\A[\w ]*(?:shot|scene)[\w ]*[,;\t][^\n]*[,;\t\n]", re.IGNORECASE)
_MOODS: Final = words(
    "warm hopeful calm quiet gentle dreamy melancholic melancholy sad dark tense "
    "eerie mysterious epic bold energetic upbeat playful funny cheerful happy joyful "
    "romantic nostalgic cold lonely dramatic intense serene peaceful uplifting moody "
    "cozy cosy fast slow bright tender wistful elegant luxurious clean modern "
    "cinematic"
)
_FILLERS: Final = frozenset({"and", "but", "very", "mood", "tone", "a", "with"})
_SECONDS: Final = {"m": 60, "分": 60, "h": 3_600, "s": 1, "秒": 1, "ث": 1}


def read_brief(content: bytes | str, more: Mapping[str, Any] | None = None) -> Brief:
    """Read a brief: YAML, Markdown with front matter, or plain words.

    `more` are fields that are said elsewhere and win, such as options of a command. Length, shape
    and mood are understood from plain words. Raises BriefError, which names field and value.
    """
    text = _text(content)
    _refuse_other_formats(text)
    fields, story = _fields(text)
    fields.setdefault("prompt", story)
    fields |= {name: value for name, value in (more or {}).items() if value is not None}
    fields = _understood(fields)
    try:
        brief = Brief.model_validate(fields)
    except ValidationError as error:
        fault = error.errors()[0]
        field = ".".join(map(str, fault["loc"]))
        unknown = fault["type"] == "extra_forbidden"
        said = f"a brief has {', '.join(Brief.model_fields)}" if unknown else fault["msg"]
        raise BriefError(field, said, fault["input"]) from error
    _check(brief)
    language = brief.language or language_of(brief.prompt)
    return brief.model_copy(update={"language": language})


def _text(content: bytes | str) -> str:
    if len(content) > MOST_BYTES:
        raise BriefError("brief", f"at most {MOST_BYTES:,} bytes", f"{len(content):,} bytes")
    try:
        text = content.decode("utf-8-sig") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        raise BriefError("brief", "is not text in UTF-8", error.object[:20]) from error
    return "".join(char for char in text if char in "\n\t" or char.isprintable()).strip()


def _refuse_other_formats(text: str) -> None:
    """Name what is not read yet, where it would be taken for a story."""
    if _SCENE_HEADING.search(text):
        said = "a screenplay is not read yet; tell its story in sentences"
        raise BriefError("brief", said, text[:60])
    if _SHOT_LIST.match(text):
        said = "a shot list is not read yet; run it as a sheet: callsheet run"
        raise BriefError("brief", said, text[:60])


def _fields(text: str) -> tuple[dict[str, Any], str]:
    """Take front matter apart from what follows; a whole of YAML has its story in `prompt`."""
    front = _FRONT.match(text)
    if front is not None:
        return _yaml(front["head"]), front["rest"].strip()
    if re.match(r"\A\s*prompt\s*:", text) or re.search(r"^prompt\s*:", text, re.MULTILINE):
        return _yaml(text), ""
    return {}, text


def _yaml(text: str) -> dict[str, Any]:
    if "&" in text and re.search(r"(^|[\s:\-\[,])[&*][\w-]+", text):
        raise BriefError("brief", "anchors and aliases are not read; write values out", text[:60])
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BriefError("brief", f"is not YAML: {error}", text[:60]) from error
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise BriefError("brief", "write fields, one `name: value` a line", text[:60])
    return found


def _understood(fields: dict[str, Any]) -> dict[str, Any]:
    """Take length, shape and mood out of the words, where no field says them."""
    prompt = fields.get("prompt")
    if not isinstance(prompt, str):
        return fields
    length = _LENGTH.search(prompt[:200])
    if length is not None:
        fields.setdefault("duration_s", _seconds(length))
        prompt = _without(prompt, length)
    ratio = _RATIO.search(prompt)
    if ratio is not None:
        fields.setdefault("aspect_ratio", ratio[1])
        prompt = _without(prompt, ratio)
    elif (upright := _UPRIGHT.search(prompt)) is not None:
        fields.setdefault("aspect_ratio", "9:16")
        if not upright.start():
            prompt = _without(prompt, upright)
    head, _, tail = prompt.rpartition(";")
    words = [word for word in re.findall(r"[a-z]+", tail.lower()) if word not in _FILLERS]
    if head and words and all(word in _MOODS for word in words):
        fields.setdefault("mood", ", ".join(words))
        prompt = head
    return {**fields, "prompt": prompt.strip(" \t\n:;,-\u2013\u2014")}


def _seconds(length: re.Match[str]) -> float:
    unit = length["unit"].lower()
    return float(length["number"].replace(",", ".")) * _SECONDS[unit[0]]


def _without(text: str, found: re.Match[str]) -> str:
    before, after = (
        text[: found.start()].rstrip(" (["),
        text[found.end() :].lstrip(" )].:,-\u2013\u2014"),
    )
    before = re.sub(r"(?i)\b(a|an|in|of)$", "", before).rstrip(" ,")
    return f"{before} {after}".strip()


def _check(brief: Brief) -> None:
    """Refuse what no film can be made of."""
    words = len(brief.prompt.split())
    if not any(char.isalpha() for char in brief.prompt):
        raise BriefError("prompt", "say what the film is about", brief.prompt)
    if words > MOST_WORDS:
        raise BriefError("prompt", f"at most {MOST_WORDS:,} words", f"{words:,} words")
    for name in brief.must_have:
        if name.casefold() in {each.casefold() for each in brief.must_not}:
            raise BriefError("must_not", "is asked for in must_have, too", name)
