"""`callsheet frame`: one storyboard frame from a description, and what was understood of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.ports.pictures import FrameSpec

if TYPE_CHECKING:
    from callsheet.drawing.story import Story

_MOST_CHARS: Final = 8_000
_WAYS: Final = {
    "acted": "people or animals doing what is said",
    "insert": "hands at work, from close by",
    "still": "things in their place",
    "screen": "a screen that fills the frame",
    "chart": "a chart that fills the frame",
    "card": "a card with the words: nothing in them could be drawn",
    "portrait": "one subject in its place",
}


class PromptError(InvalidInputError):
    """A description that is empty or too long to draw."""

    def __init__(self, prompt: str) -> None:
        reason = f"the description must have 1 to {_MOST_CHARS} characters, not {len(prompt)}"
        super().__init__(reason, [FieldError("prompt", reason, prompt[:80])])


def frame(
    prompt: Annotated[str, typer.Argument(help="What the shot shows, in any language.")],
    *,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the PNG; frame.png without --explain.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what was understood, and what was not.")
    ] = False,
    width: Annotated[int, typer.Option(help="256 to 4096 pixels.")] = 1024,
    height: Annotated[int, typer.Option(help="256 to 4096 pixels.")] = 576,
    seed: Annotated[int, typer.Option(min=0, help="Other seeds give other frames.")] = 0,
) -> None:
    """Draw a storyboard frame of a description, here and for nothing."""
    if not len(prompt.strip()) >= 1 or len(prompt) > _MOST_CHARS:
        raise PromptError(prompt)
    # here, so that other commands do not wait for what draws
    from callsheet.drawing.frame import draw_frame  # noqa: PLC0415
    from callsheet.drawing.story import understand  # noqa: PLC0415

    story = understand(prompt)
    if explain:
        for line in explained(story):
            typer.echo(line)
    target = out or (None if explain else Path("frame.png"))
    if target is not None:
        spec = FrameSpec(prompt=prompt, width=width, height=height, seed=seed)
        target.write_bytes(draw_frame(spec, [], story))
        typer.echo(f"wrote {target}")


def explained(story: "Story") -> Iterator[str]:
    """Tell a story line by line, only what it has."""
    from callsheet.drawing.staging.directing import way_of  # noqa: PLC0415  # as above

    reading = story.reading
    yield f"drawn as     {_WAYS[way_of(story)]}"
    for one in story.people:
        worn = ", ".join(name.replace("_", " ") for name, _ in one.worn)
        facts = (one.name, one.age, one.sex, one.face, one.pose.replace("_", " "))
        said = ", ".join(fact for fact in facts if fact)
        holds = f", with {one.prop.replace('_', ' ')}" if one.prop else ""
        yield f"person       {one.role}: {said}{holds}{f', wearing {worn}' if worn else ''}"
    for prop in story.props:
        number = f"{prop.count} x " if prop.count > 1 else ""
        colour = f", #{bytes(prop.colour).hex()}" if prop.colour else ""
        worn = ", ".join(name.replace("_", " ") for name, _ in prop.worn)
        does = f": {prop.action.replace('_', ' ')}" if prop.action else ""
        wears = f", wearing {worn}" if worn else ""
        yield f"thing        {number}{prop.name.replace('_', ' ')}{colour}{does}{wears}"
    facts_of_place = (
        ("place", reading.setting),
        ("time", reading.time),
        ("weather", ", ".join(sorted(reading.weather))),
        ("mood", ", ".join(sorted(reading.moods))),
        ("shot", ", ".join(filter(None, (reading.size, reading.angle)))),
        ("light from", story.light_from),
        ("left out", ", ".join(story.without)),
        ("not known", ", ".join(story.unknown)),
    )
    for name, value in facts_of_place:
        if value:
            yield f"{name:<12} {value.replace('_', ' ')}"
