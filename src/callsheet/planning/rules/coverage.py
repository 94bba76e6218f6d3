"""Coverage: from which sizes, angles and with which moves a beat is seen."""

from dataclasses import dataclass
from typing import Final, Literal

from callsheet.planning.rules.beats import Beat
from callsheet.ports.film import Move

Size = Literal["extreme_wide", "wide", "full", "medium", "close", "extreme_close", "over_shoulder"]
Angle = Literal["eye", "low", "high", "overhead", "dutch"]


@dataclass(frozen=True, slots=True)
class View:
    """How one shot looks at a beat. `of` is what stands in the middle of it."""

    size: Size
    angle: Angle
    move: Move
    of: Literal["place", "beat", "subject", "thing"]
    weight: float = 1.0


# A scene is opened wide and closed in on, as editors cover one: where, who, what, and back.
_OPENING: Final = View("wide", "eye", Move.PUSH, "place", 1.2)
_CYCLE: Final = (
    View("medium", "eye", Move.TRUCK_RIGHT, "beat", 1.1),
    View("close", "eye", Move.PUSH, "subject", 0.9),
    View("extreme_close", "high", Move.STATIC, "thing", 0.8),
    View("full", "low", Move.PAN_RIGHT, "beat", 1.0),
    View("medium", "high", Move.HANDHELD, "beat", 1.0),
    View("close", "low", Move.TILT_UP, "subject", 0.9),
    View("wide", "high", Move.TRUCK_LEFT, "place", 1.1),
    View("over_shoulder", "eye", Move.STATIC, "thing", 0.9),
)
_ENDING: Final = View("wide", "low", Move.PULL, "beat", 1.4)


def views_of(count: int, at: int, *, is_last: bool) -> list[View]:
    """List the views of a scene's shots; `at` counts the shots before it in the film."""
    if count == 1 and is_last:
        return [_ENDING if at else View("medium", "eye", Move.PUSH, "beat")]
    views = [_OPENING]
    while len(views) < count:
        views.append(_CYCLE[(at + len(views) - 1) % len(_CYCLE)])
    if is_last and count > 1:
        views[-1] = _ENDING
    return _apart(views)


def _apart(views: list[View]) -> list[View]:
    """Keep neighbours apart: another size, or another angle (the 30-degree rule)."""
    for place in range(1, len(views)):
        before, view = views[place - 1], views[place]
        if (view.size, view.angle) == (before.size, before.angle):
            angle: Angle = "low" if view.angle != "low" else "high"
            views[place] = View(view.size, angle, view.move, view.of, view.weight)
    return views


_SIZE_WORDS: Final = {
    "extreme_wide": "extreme wide shot of",
    "wide": "wide shot of",
    "full": "full shot of",
    "medium": "medium shot of",
    "close": "close-up of",
    "extreme_close": "extreme close-up of",
    "over_shoulder": "over-the-shoulder shot of",
}
_ANGLE_WORDS: Final = {"low": "low angle", "high": "high angle", "overhead": "from above"}


def prompt_of(
    view: View, beat: Beat, *, place: str, time: str, mood: str, style: str, turn: int = 0
) -> str:
    """Word what a model, or the local drawing, is asked for: the beat's own words, as seen.

    `turn` chooses among the things of a beat that are shown by themselves.
    """
    others = beat.things[1:] or beat.things
    thing = others[turn % len(others)] if others else ""
    shown = {
        "place": beat.shown,
        "beat": beat.shown,
        "subject": beat.subject or beat.shown,
        "thing": thing or beat.shown,
    }[view.of].rstrip(" .!?\u3002\uff01\uff1f")
    parts = [f"{_SIZE_WORDS[view.size]} {shown}"]
    if place and place.rsplit(maxsplit=1)[-1].lower() not in shown.lower():
        parts.append(place)
    if time and time not in shown.lower():
        parts.append(f"at {time}" if time in ("night", "dawn", "dusk") else f"in the {time}")
    parts += [_ANGLE_WORDS.get(view.angle, ""), f"{mood} mood" if mood else "", style]
    return ", ".join(part for part in parts if part)
