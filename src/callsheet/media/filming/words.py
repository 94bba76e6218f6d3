"""What goes with a film as text: captions, and its timeline as editors read it."""

from collections.abc import Callable, Mapping
from typing import Final

import opentimelineio as otio
import pysubs2

from callsheet.drawing.animatic.cues import caption_cues
from callsheet.ports.film import FilmPlan, Transition, frames_of, starts_of

_FILM: Final = "film.mp4"
_HOUR: Final = 3_600  # where timecodes begin, as editors expect
_STEMS: Final = ("voice", "music", "effects")
_ELLIPSIS_AT: Final = 60


def _subtitles(plan: FilmPlan) -> pysubs2.SSAFile:
    captions = pysubs2.SSAFile()
    for cue in caption_cues(plan):
        start = round(cue.start / plan.fps * 1_000)
        end = round((cue.start + cue.frames) / plan.fps * 1_000)
        event = pysubs2.SSAEvent(start=start, end=end)
        event.plaintext = "\n".join(cue.lines)
        captions.append(event)
    return captions


def webvtt(plan: FilmPlan) -> str:
    """Write captions as WebVTT."""
    return _subtitles(plan).to_string("vtt")


def subrip(plan: FilmPlan) -> str:
    """Write captions as SubRip."""
    return _subtitles(plan).to_string("srt")


def timeline_of_editors(plan: FilmPlan) -> str:
    """Write the film as an OpenTimelineIO timeline: shots of `film.mp4`, and its stems.

    Lines and prompts are in each clip's metadata under `callsheet`.
    """
    rate = float(plan.fps)

    def time(frames: int) -> otio.opentime.RationalTime:
        return otio.opentime.RationalTime(frames, rate)

    def clip(name: str, url: str, start: int, frames: int) -> otio.schema.Clip:
        whole = otio.opentime.TimeRange(time(0), time(frames_of(plan)))
        media = otio.schema.ExternalReference(target_url=url, available_range=whole)
        return otio.schema.Clip(
            name=name,
            media_reference=media,
            source_range=otio.opentime.TimeRange(time(start), time(frames)),
        )

    found = otio.schema.Timeline(name=plan.title, global_start_time=time(round(_HOUR * rate)))
    pictures = otio.schema.Track(name="picture", kind=otio.schema.TrackKind.Video)
    for name, start, frames in _events(plan):
        one = clip(name, _FILM, start, frames)
        shot = next((each for each in plan.shots if each.id == name), None)
        if shot is not None:
            told = {"prompt": shot.prompt, "size": shot.size, "move": str(shot.move)}
            one.metadata["callsheet"] = {**told, "lines": [line.text for line in shot.lines]}
            if shot.transition is Transition.DISSOLVE:
                text = f"a dissolve of {shot.transition_frames} frames"
                range_ = otio.opentime.TimeRange(time(start), time(shot.transition_frames))
                one.markers.append(otio.schema.Marker(name=text, marked_range=range_))
        pictures.append(one)
    found.tracks.append(pictures)
    for stem in _STEMS:
        track = otio.schema.Track(name=stem, kind=otio.schema.TrackKind.Audio)
        track.append(clip(stem, f"{stem}.wav", 0, frames_of(plan)))
        found.tracks.append(track)
    written: str = otio.adapters.write_to_string(found, "otio_json", indent=2)
    return written


def edit_decision_list(plan: FilmPlan) -> str:
    """Write the film's cuts as a CMX 3600 edit decision list, from 01:00:00:00 on.

    Frames are counted without drop; for 30000/1001 and 24000/1001 that is said at its head.
    """
    lines = [f"TITLE: {plan.title[:_ELLIPSIS_AT]}", "FCM: NON-DROP FRAME", ""]
    base = round(plan.fps)
    for number, (name, start, frames) in enumerate(_events(plan), start=1):
        source = f"{_code(start, base)} {_code(start + frames, base)}"
        place = f"{_code(start + _HOUR * base, base)} {_code(start + frames + _HOUR * base, base)}"
        lines += [f"{number:03d}  FILM     V     C        {source} {place}"]
        lines += [f"* FROM CLIP NAME: {name}", ""]
    return "\n".join(lines) + "\n"


def _events(plan: FilmPlan) -> list[tuple[str, int, int]]:
    """List what is seen in turn: name, first frame of the film, frames until the next."""
    starts = starts_of(plan)
    events = [("title", 0, plan.title_frames)] if plan.title_frames else []
    shots = plan.shots
    for place, shot in enumerate(shots):
        start = starts[shot.id].start
        after = starts[shots[place + 1].id].start if place + 1 < len(shots) else starts[shot.id].end
        events.append((shot.id, start, after - start))
    if plan.end_frames:
        events.append(("end", frames_of(plan) - plan.end_frames, plan.end_frames))
    return events


def _code(frames: int, base: int) -> str:
    seconds, rest = divmod(frames, base)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{rest:02d}"


FILES: Final[Mapping[str, Callable[[FilmPlan], str]]] = {
    "captions.vtt": webvtt,
    "captions.srt": subrip,
    "film.otio": timeline_of_editors,
    "film.edl": edit_decision_list,
}
