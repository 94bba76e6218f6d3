"""The timeline of a film: which part of it is made of what, in whole frames.

A film is made of segments, one for each card and shot. A dissolve belongs to the segment of the
shot that comes in. What a segment's bytes depend on is digested into its name, so that one that is
there is not made twice, and one that has changed is not taken for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

from callsheet.drawing.animatic.cues import CaptionCue, caption_cues
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.ports.film import FilmPlan, Transition, frames_of, starts_of

MADE_BY: Final = 1  # raised when drawing or encoding changes what a segment looks like


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a film: `frames` from film frame `start` on.

    `kind` is a card, or a shot by its `id`; `first` is the shot's frame with which it begins.
    `before` is the shot that a dissolve of `overlap` frames comes out of, "" for a cut.
    """

    kind: Literal["title", "shot", "end"]
    id: str
    start: int
    frames: int
    first: int = 0
    before: str = ""
    overlap: int = 0


def timeline(plan: FilmPlan) -> tuple[Segment, ...]:
    """Cut a film into segments, in order; together they have every frame of it once."""
    segments = []
    if plan.title_frames:
        segments.append(Segment("title", "title", 0, plan.title_frames))
    starts, shots = starts_of(plan), plan.shots
    for place, shot in enumerate(shots):
        start = starts[shot.id].start
        after = shots[place + 1] if place + 1 < len(shots) else None
        end = starts[after.id].start if after is not None else starts[shot.id].end
        dissolves = shot.transition is Transition.DISSOLVE and place > 0
        segments.append(
            Segment(
                "shot",
                shot.id,
                start,
                end - start,
                before=shots[place - 1].id if dissolves else "",
                overlap=shot.transition_frames if dissolves else 0,
            )
        )
    if plan.end_frames:
        at = frames_of(plan) - plan.end_frames
        segments.append(Segment("end", "end", at, plan.end_frames))
    return tuple(segments)


def cues_in(plan: FilmPlan, segment: Segment) -> tuple[CaptionCue, ...]:
    """List the captions that are seen during a segment."""
    end = segment.start + segment.frames
    return tuple(
        cue
        for cue in caption_cues(plan)
        if cue.start < end and cue.start + cue.frames > segment.start
    )


def segment_digest(
    plan: FilmPlan,
    segment: Segment,
    materials: Mapping[str, Sha256],
    size: tuple[int, int],
    quality: str,
) -> Sha256:
    """Digest all that a segment's bytes depend on; `materials` are stills of shots, by id."""
    shown = [name for name in (segment.id, segment.before) if name]
    shots = [shot.model_dump(mode="json", exclude={"lines", "sound", "questions"})
             for shot in plan.shots if shot.id in shown]  # fmt: skip
    scenes = {scene.id: [scene.place, scene.light_side] for scene in plan.scenes
              if any(shot.id in shown for shot in scene.shots)}  # fmt: skip
    cues = cues_in(plan, segment) if plan.promise.captions else ()
    words: dict[str, Any] = {"title": [plan.title], "end": [plan.end_words, plan.title]}
    return digest_of(
        {
            "made_by": MADE_BY,
            "segment": [segment.kind, segment.frames, segment.first, segment.overlap],
            "size": list(size),
            "rate": plan.rate,
            "quality": quality,
            "seed": plan.seed,
            "shots": shots,
            "scenes": scenes,
            "words": words.get(segment.kind, []),
            "bible": [each.model_dump(mode="json") for each in plan.bible] if shots else [],
            "materials": [materials.get(name, "") for name in shown],
            "captions": [[cue.start - segment.start, cue.frames, list(cue.lines)] for cue in cues],
        }
    )


def seconds_of(plan: FilmPlan) -> Fraction:
    """How long a film is."""
    return frames_of(plan) / plan.fps
