"""Captions as text: words in lines that can be read in their time. Nothing heavy is loaded."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from callsheet.ports.film import FilmPlan, frames_of, starts_of

_LATIN, _WIDE = 42, 16  # characters of a line
_LINES: Final = 2
_PER_S: Final = 17.0  # characters that are read in a second
_LEAST_S: Final = 1.0
_AFTER_S: Final = 0.4  # a caption stays after its last word
_UNSPACED: Final = {"ja", "zh", "th"}
_SPACED_CJK: Final = {"ko"}


@dataclass(frozen=True, slots=True)
class CaptionCue:
    """Lines that are seen from frame `start` on, for so many frames."""

    start: int
    frames: int
    lines: tuple[str, ...]
    speaker: str = ""
    language: str = "en"


def caption_cues(plan: FilmPlan) -> tuple[CaptionCue, ...]:
    """Caption every line of a film: each page of two lines has its share of the line's time."""
    starts, fps, last = starts_of(plan), float(plan.fps), frames_of(plan)
    cues: list[CaptionCue] = []
    for shot in plan.shots:
        for line in shot.lines:
            pages = list(_pages(line.text, line.language.split("-")[0]))
            letters = sum(len("".join(page)) for page in pages) or 1
            spoken = line.frames or round(max(_LEAST_S, letters / _PER_S) * fps)
            at = starts[shot.id].start + line.start
            for number, page in enumerate(pages):
                share = max(1, round(spoken * len("".join(page)) / letters))
                tail = round(_AFTER_S * fps) if number == len(pages) - 1 else 0
                frames = min(share + tail, last - at)
                if frames > 0:
                    cues.append(CaptionCue(at, frames, page, line.speaker, line.language))
                at += share
    return tuple(_apart(cues))


def _apart(cues: list[CaptionCue]) -> Iterator[CaptionCue]:
    """Let no caption be seen once the next has begun."""
    for number, cue in enumerate(cues):
        until = cues[number + 1].start if number + 1 < len(cues) else cue.start + cue.frames
        frames = min(cue.frames, max(1, until - cue.start))
        yield CaptionCue(cue.start, frames, cue.lines, cue.speaker, cue.language)


def _pages(text: str, language: str) -> Iterator[tuple[str, ...]]:
    wide = language in _UNSPACED or language in _SPACED_CJK
    most = _WIDE if wide else _LATIN
    lines = list(_broken(_phrases(text, language), most))
    for at in range(0, len(lines), _LINES):
        page = lines[at : at + _LINES]
        if len(page) == _LINES:
            page = _balanced(page, language, most)
        yield tuple(page)


def _balanced(page: list[str], language: str, most: int) -> list[str]:
    """Break a page near its middle, where both lines still fit: no word stands alone."""
    phrases = _phrases(("" if language in _UNSPACED else " ").join(page), language)
    pairs = [
        ("".join(phrases[:at]).rstrip(), "".join(phrases[at:]).rstrip())
        for at in range(1, len(phrases))
    ]
    fitting = [pair for pair in pairs if max(map(len, pair)) <= most]
    return list(min(fitting, key=lambda pair: abs(len(pair[0]) - len(pair[1])), default=page))


def _phrases(text: str, language: str) -> list[str]:
    """Split where a line may end: at spaces, or between phrases where nothing is spaced."""
    if language in _UNSPACED:
        return [part for part in _parser(language).parse(text) if part.strip()]
    return re.findall(r"\S+\s*", text)


@lru_cache(maxsize=4)
def _parser(language: str) -> Any:
    import budoux  # noqa: PLC0415  # a model: not before it is needed

    load = {
        "ja": budoux.load_default_japanese_parser,
        "zh": budoux.load_default_simplified_chinese_parser,
        "th": budoux.load_default_thai_parser,
    }
    return load[language]()


def _broken(phrases: list[str], most: int) -> Iterator[str]:
    """Fill lines; a text of two lines is broken near its middle, the lower line the longer."""
    line = ""
    for phrase in phrases:
        while len(phrase.rstrip()) > most:
            if line:
                yield line.rstrip()
            yield phrase[:most]
            line, phrase = "", phrase[most:]  # noqa: PLW2901  # what is left of it
        if line and len((line + phrase).rstrip()) > most:
            yield line.rstrip()
            line = ""
        line += phrase
    if line.strip():
        yield line.rstrip()
