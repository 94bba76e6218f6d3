"""A plan as people have edited its shots: other words, another length, shots left out."""

from collections.abc import Mapping
from dataclasses import dataclass

from callsheet.planning.errors import BriefError
from callsheet.ports.film import FilmPlan, FilmShot, Transition


@dataclass(frozen=True, slots=True)
class ShotEdit:
    """What a shot is to be now; None where nothing was said."""

    prompt: str | None = None
    seconds: float | None = None
    removed: bool = False


def edited(plan: FilmPlan, edits: Mapping[str, ShotEdit]) -> FilmPlan:
    """Apply edits by shot; what was not edited stays as it is, to the byte.

    Without some shots the film is shorter. Raises BriefError if none is left.
    """
    scenes = []
    for scene in plan.scenes:
        shots = tuple(
            _changed(plan, shot, edits.get(shot.id, ShotEdit()))
            for shot in scene.shots
            if not edits.get(shot.id, ShotEdit()).removed
        )
        if shots:
            scenes.append(
                scene if shots == scene.shots else scene.model_copy(update={"shots": shots})
            )
    if not scenes:
        raise BriefError("shots", "a film needs a shot; every one was removed", len(plan.shots))
    first = scenes[0].shots[0]
    if first.transition is Transition.DISSOLVE:  # nothing is left that it could come out of
        cut = first.model_copy(update={"transition": Transition.CUT, "transition_frames": 0})
        scenes[0] = scenes[0].model_copy(update={"shots": (cut, *scenes[0].shots[1:])})
    return plan.model_copy(update={"scenes": tuple(scenes)})


def _changed(plan: FilmPlan, shot: FilmShot, edit: ShotEdit) -> FilmShot:
    update: dict[str, object] = {}
    if edit.prompt is not None and edit.prompt != shot.prompt:
        update["prompt"] = edit.prompt
    if edit.seconds is not None:
        update["frames"] = max(shot.transition_frames + 1, round(edit.seconds * plan.fps))
    return shot.model_copy(update=update) if update else shot
