"""From a brief to a whole film plan, by rules: the same brief and seed give the same plan."""

import math
import random
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from callsheet.planning.model import Brief
from callsheet.planning.rules.beats import Beat, beats_of
from callsheet.planning.rules.coverage import View, prompt_of, views_of
from callsheet.planning.rules.pacing import card_frames, count_shots, shared
from callsheet.ports.film import (
    FilmPlan,
    FilmScene,
    FilmShot,
    Known,
    Line,
    Promise,
    Transition,
)

_DISSOLVE_S: Final = 0.5
_STEP: Final = 2  # sides of a video are even
_LONGEST_TITLE: Final = 48
_SILENT: Final = "none"
_COATS: Final = ("#b5382f", "#2f5d8a", "#c98a1b", "#3d7a4e", "#6b4a86", "#8a5a3c")
_HAIR: Final = ("dark hair", "fair hair", "red hair", "grey hair")


@dataclass(frozen=True, slots=True)
class _Take:
    """A shot before its frames are counted: which beat it shows, and how."""

    beat: Beat
    view: View
    scene: int


def plan_by_rules(brief: Brief, seed: int = 0) -> FilmPlan:
    """Plan a film: scenes, shots with sizes, moves and frames, words, sounds, questions.

    Frames sum up to `brief.duration_s` exactly, cards and overlaps counted.
    """
    fps = Fraction(brief.rate)
    total = round(brief.duration_s * fps)
    title_frames, end_frames = card_frames(total, float(fps))
    beats = beats_of(brief.prompt) or [
        Beat(brief.prompt.strip()[:500], shown=brief.prompt.strip()[:500])
    ]
    count = count_shots(total - title_frames - end_frames, float(fps), brief.mood, len(beats))
    groups = _grouped(_fitting(beats, count), count)
    takes = [
        take for number, group in enumerate(groups) for take in _covered(group, number, groups)
    ]
    dissolve = round(_DISSOLVE_S * fps)
    dissolves = [
        _comes_later(groups, take, takes[place - 1] if place else None)
        for place, take in enumerate(takes)
    ]
    body = total - title_frames - end_frames + dissolve * sum(dissolves)
    frames = shared(body, [take.view.weight for take in takes])
    width, height = _size(brief)
    builder = _Builder(brief, seed, groups)
    scenes = builder.scenes(takes, frames, dissolves, dissolve)
    return FilmPlan(
        title=_title(brief, beats),
        language=brief.language or "en",
        rate=brief.rate,
        width=width,
        height=height,
        seed=seed,
        mood=brief.mood,
        style=brief.style,
        music=brief.music or brief.mood or "warm, hopeful",
        title_frames=title_frames,
        end_frames=end_frames,
        bible=builder.bible,
        scenes=scenes,
        promise=Promise(moving_share=0.0, sound=True, captions=brief.captions),
    )


def _fitting(beats: Sequence[Beat], count: int) -> list[Beat]:
    """Take as many beats as there are shots: the first, the last, and some between."""
    if len(beats) <= count:
        return list(beats)
    if count == 1:
        return [beats[0]]
    step = (len(beats) - 1) / (count - 1)
    return [beats[round(place * step)] for place in range(count)]


def _grouped(beats: Sequence[Beat], count: int) -> list[list[tuple[Beat, int]]]:
    """Put beats of one place and time together into scenes, each beat with its count of shots."""
    shares = shared(count, [1.0] * len(beats)) if len(beats) < count else [1] * len(beats)
    groups: list[list[tuple[Beat, int]]] = []
    for beat, share in zip(beats, shares, strict=True):
        moved = (
            bool(groups and beat.place)
            and beat.place != _setting([one for one, _ in groups[-1]])[0]
        )
        if not groups or moved or beat.is_later:
            groups.append([])
        groups[-1].append((beat, share))
    return groups


def _covered(
    group: Sequence[tuple[Beat, int]], number: int, groups: Sequence[Sequence[tuple[Beat, int]]]
) -> list[_Take]:
    count = sum(share for _, share in group)
    before = sum(share for other in groups[:number] for _, share in other)
    views = views_of(count, before, is_last=number == len(groups) - 1)
    shown = [beat for beat, share in group for _ in range(share)]
    return [_Take(beat, view, number) for beat, view in zip(shown, views, strict=True)]


def _comes_later(
    groups: Sequence[Sequence[tuple[Beat, int]]], take: _Take, before: _Take | None
) -> bool:
    """Tell whether time passes before a shot: it comes in by a dissolve."""
    if before is None or before.scene == take.scene:
        return False
    return groups[take.scene][0][0].is_later


def _size(brief: Brief) -> tuple[int, int]:
    """Find width and height: `height` is that of the longer way up for upright films, too."""
    across, down = map(int, brief.aspect_ratio.split(":"))
    short = brief.height
    if across >= down:
        return round(short * across / down / _STEP) * _STEP, short // _STEP * _STEP
    return short // _STEP * _STEP, round(short * down / across / _STEP) * _STEP


def _title(brief: Brief, beats: Sequence[Beat]) -> str:
    if brief.title.strip():
        return brief.title.strip()[:80]
    first, subject = beats[0].words, beats[0].subject
    named = subject if subject and first.startswith(subject) else re.split(r"[,\u3001]", first)[0]
    words = re.sub(r"\s+", " ", named).strip(" .!?\u3002")
    if len(words) > _LONGEST_TITLE:
        words = words[:_LONGEST_TITLE].rsplit(" ", 1)[0]
    return (words[:1].upper() + words[1:]) or "Untitled"


class _Builder:
    """Words scenes and shots; one world for all of them."""

    def __init__(
        self, brief: Brief, seed: int, groups: Sequence[Sequence[tuple[Beat, int]]]
    ) -> None:
        self._brief, self._seed = brief, seed
        self._groups = groups
        self._wanted = list(brief.must_have)
        named = [thing for group in groups for beat, _ in group for thing in beat.things[:1]]
        known = {_noun(each.name) for each in brief.known}
        new = {_noun(name): name for name in reversed(named) if _noun(name) not in known}
        self.bible = brief.known + tuple(
            self._entry(name) for name in dict.fromkeys(named) if new.get(_noun(name)) == name
        )

    def _entry(self, name: str) -> Known:
        dice = random.Random(f"{self._seed}:{name.lower()}")  # noqa: S311  # a look, no secret
        coat, hair = dice.choice(_COATS), dice.choice(_HAIR)
        seed = zlib.crc32(name.lower().encode()) ^ self._seed
        return Known(name=name, kind="person", words=hair, palette=(coat,), seed=seed)

    def scenes(
        self,
        takes: Sequence[_Take],
        frames: Sequence[int],
        dissolves: Sequence[bool],
        dissolve: int,
    ) -> tuple[FilmScene, ...]:
        """Word every scene with its shots."""
        narrated = self._narration(takes)
        scenes = []
        for number, group in enumerate(self._groups):
            places = [place for place, take in enumerate(takes) if take.scene == number]
            beat = group[0][0]
            place, sound, time = _setting([one for one, _ in group])
            shots = tuple(
                self._shot(
                    takes[at],
                    f"S{number + 1:02d}-{nth:02d}",
                    (place, sound, time),
                    turn=nth // 4,
                    frames=frames[at],
                    dissolve=dissolve if dissolves[at] else 0,
                    lines=narrated[at],
                )
                for nth, at in enumerate(places, start=1)
            )
            scene = FilmScene(
                id=f"S{number + 1:02d}",
                purpose=_purpose(number, len(self._groups)),
                place=place,
                time=time,
                mood=self._brief.mood,
                light_side="left" if (zlib.crc32(beat.words.encode()) + number) % 2 else "right",
                shots=shots,
            )
            scenes.append(scene)
        return tuple(scenes)

    def _shot(
        self,
        take: _Take,
        name: str,
        setting: tuple[str, str, str],
        *,
        turn: int,
        frames: int,
        dissolve: int,
        lines: tuple[Line, ...],
    ) -> FilmShot:
        beat, view, brief = take.beat, take.view, self._brief
        place, sound, time = setting
        prompt = prompt_of(
            view, beat, place=place, time=time, mood=brief.mood, style=brief.style, turn=turn
        )
        if view.of in ("beat", "place"):
            prompt = self._with_wanted(prompt)
        subject = beat.subject or beat.words
        return FilmShot(
            id=name,
            setup=f"{name[:3]}-{view.size}-{view.angle}",
            parent=None if view.of == "place" else f"{name[:3]}-wide-eye",
            variation="none" if view.of == "place" else "small",
            size=view.size,
            angle=view.angle,
            move=view.move,
            subject=subject[:2_000],
            action=beat.words[:2_000],
            prompt=prompt[:2_000],
            frames=frames,
            transition=Transition.DISSOLVE if dissolve else Transition.CUT,
            transition_frames=dissolve,
            lines=lines,
            sound=sound,
            known=tuple(each.name for each in self.bible if _noun(each.name) in prompt.lower()),
            questions=(f"Does the picture show {subject.rstrip('.')}?"[:2_000],),
            seed=self._seed,
        )

    def _with_wanted(self, prompt: str) -> str:
        """Add the next thing that must be seen and that the story does not name."""
        story = self._brief.prompt.casefold()
        while self._wanted:
            name = self._wanted.pop(0)
            if name.casefold() not in story:
                return f"{prompt}, with {name}"
        return prompt

    def _narration(self, takes: Sequence[_Take]) -> list[tuple[Line, ...]]:
        """Give each shot its words: the voice-over's sentences, or the beats' own words."""
        lines: list[tuple[Line, ...]] = [()] * len(takes)
        text = self._brief.voice_over.strip()
        if text.lower() == _SILENT:
            return lines
        language = self._brief.language or "en"
        if text:
            said = [_sentence(each.words) for each in beats_of(text)]
            slots = _spread(len(said), len(takes))
            for slot, words in zip(slots, said, strict=True):
                lines[slot] = (*lines[slot], Line(text=words[:2_000], language=language))
            return lines
        told: Beat | None = None
        for place, take in enumerate(takes):
            if take.beat is not told:
                words = _sentence(take.beat.words)
                lines[place] = (Line(text=words[:2_000], language=language),)
                told = take.beat
        return lines


def _noun(name: str) -> str:
    """Name without its article: "a letter" and "the letter" are one thing."""
    return name.lower().partition(" ")[2] or name.lower()


def _setting(beats: Sequence[Beat]) -> tuple[str, str, str]:
    """Say where and when a scene is, by the first of its beats that tells; "" where none does."""
    place = next(((beat.place, beat.sound) for beat in beats if beat.place), ("", "room"))
    time = next((beat.time for beat in beats if beat.time), "")
    return (*place, time)


def _spread(count: int, places: int) -> list[int]:
    """Spread so many lines over so many shots, in order."""
    if count >= places:
        return [min(places - 1, place * places // count) for place in range(count)]
    return [math.floor(place * places / count) for place in range(count)]


def _sentence(words: str) -> str:
    """Word a beat as a sentence of its own: it begins large and ends with a stop."""
    words = words.strip(" ,;:-\u2013\u2014")
    ended = words[-1:] in ".!?\u3002\uff01\uff1f\u061f\u2026"
    stop = "\u3002" if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", words) else "."
    return words[:1].upper() + words[1:] + ("" if ended else stop)


def _purpose(number: int, count: int) -> str:
    if number == 0:
        return "opening"
    return "ending" if number == count - 1 else "turn"
