"""Timing: what was read aloud sets the time, before money is spent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from callsheet.ports.film import FilmPlan, FilmShot, Line, starts_of

_BREATH_S: Final = 0.25  # before the first line of a shot, and between lines


@dataclass(frozen=True, slots=True)
class Overrun:
    """A line that does not fit: `over_frames` too long, and the words to cut from its end."""

    shot: str
    text: str
    over_frames: int
    cut: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """A plan whose lines have their times, and the lines that do not fit before the film ends."""

    plan: FilmPlan
    overruns: tuple[Overrun, ...]


def fitted(plan: FilmPlan, spoken: Mapping[tuple[str, int], int]) -> Fitted:
    """Place lines where they can be heard: one after the other, none over another.

    `spoken` is how many frames the reading of a line has, by shot and the line's place in it. A
    line may be heard on into the next shots, as narration is; it begins later where the one before
    has not ended. What would be heard after the last shot is an overrun. No line is sped up.
    """
    breath = round(_BREATH_S * plan.fps)
    starts = starts_of(plan)
    end = max(cue.end for cue in starts.values())
    free = 0
    placed: dict[str, tuple[Line, ...]] = {}
    overruns: list[Overrun] = []
    for shot in plan.shots:
        lines = []
        for place, line in enumerate(shot.lines):
            frames = spoken.get((shot.id, place), line.frames)
            at = max(starts[shot.id].start + breath, free)
            over = at + frames - end
            if over > 0:
                overruns.append(Overrun(shot.id, line.text, over, _to_cut(line.text, over, frames)))
            start = max(0, at - starts[shot.id].start)
            lines.append(line.model_copy(update={"start": start, "frames": frames}))
            free = at + frames + breath
        placed[shot.id] = tuple(lines)
    return Fitted(with_lines(plan, placed), tuple(overruns))


def with_lines(plan: FilmPlan, lines: Mapping[str, tuple[Line, ...]]) -> FilmPlan:
    """Put lines into their shots, by id."""

    def changed(shot: FilmShot) -> FilmShot:
        return shot.model_copy(update={"lines": lines.get(shot.id, shot.lines)})

    scenes = tuple(
        scene.model_copy(update={"shots": tuple(map(changed, scene.shots))})
        for scene in plan.scenes
    )
    return plan.model_copy(update={"scenes": scenes})


def _to_cut(text: str, over: int, frames: int) -> str:
    """Name the words at a line's end that are as long as what is too much."""
    words = text.split()
    if len(words) == 1:
        return text[-max(1, round(len(text) * over / max(1, frames))) :]
    count = min(len(words), -(-len(words) * over // max(1, frames)))
    return " ".join(words[len(words) - count :])
