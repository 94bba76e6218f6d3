"""Lint: what an editor would say about a plan, before money is spent."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Final

from callsheet.planning.model import Brief, Remark
from callsheet.ports.film import FilmPlan

_GENERIC: Final = ("something amazing", "beautiful scene", "high quality", "masterpiece", "8k")


def lint(plan: FilmPlan, brief: Brief) -> tuple[Remark, ...]:
    """Look a plan over; remarks in the order of the film."""
    checks: tuple[Callable[[FilmPlan, Brief], Iterator[Remark]], ...] = (
        _sizes,
        _thirty_degrees,
        _asked_for,
        _generic,
        _speech,
    )
    return tuple(remark for check in checks for remark in check(plan, brief))


def _sizes(plan: FilmPlan, _brief: Brief) -> Iterator[Remark]:
    shots = plan.shots
    for first, second, third in zip(shots, shots[1:], shots[2:], strict=False):
        if first.size == second.size == third.size:
            said = f"{first.id}, {second.id} and {third.id} are all {first.size}"
            yield Remark(code="equal_sizes", severity="warning", message=said, shot=third.id)


def _thirty_degrees(plan: FilmPlan, _brief: Brief) -> Iterator[Remark]:
    for scene in plan.scenes:
        for first, second in pairwise(scene.shots):
            if (first.size, first.angle) == (second.size, second.angle):
                said = f"{second.id} is seen from where {first.id} is: the cut will jump"
                yield Remark(code="jump_cut", severity="warning", message=said, shot=second.id)


def _asked_for(plan: FilmPlan, brief: Brief) -> Iterator[Remark]:
    words = " ".join(shot.prompt for shot in plan.shots).casefold()
    for name in brief.must_have:
        if name.casefold() not in words:
            said = f"{name!r} must be seen, and is in no shot"
            yield Remark(code="must_have_missing", severity="error", message=said)
    for name in brief.must_not:
        for shot in plan.shots:
            if name.casefold() in shot.prompt.casefold():
                said = f"{name!r} must not be seen, and {shot.id} asks for it"
                yield Remark(code="must_not_seen", severity="error", message=said, shot=shot.id)


def _generic(plan: FilmPlan, _brief: Brief) -> Iterator[Remark]:
    for shot in plan.shots:
        for phrase in _GENERIC:
            if phrase in shot.prompt.lower():
                said = f"{shot.id} says {phrase!r}, which shows nothing; say what is seen"
                yield Remark(code="generic_phrase", severity="note", message=said, shot=shot.id)


def _speech(plan: FilmPlan, _brief: Brief) -> Iterator[Remark]:
    """Words that are not read yet are counted: three a second, ten letters where none are split."""
    for shot in plan.shots:
        for line in shot.lines:
            needs = max(len(line.text.split()) / 3, len(line.text) / 18)
            rest = plan.shots[plan.shots.index(shot) :]
            left = float(sum(each.frames for each in rest) / plan.fps)
            if line.frames == 0 and needs > left:
                said = f"the line of {shot.id} takes about {needs:.0f} s, and {left:.0f} s are left"
                yield Remark(code="speech_too_long", severity="warning", message=said, shot=shot.id)
