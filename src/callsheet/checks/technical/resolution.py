"""Resolution: the shorter side as it is shown, after the shape of a pixel and the turning."""

from dataclasses import dataclass

from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is asked of its size."""

    min_short_side: int = limit(720, "px", least=1, says="The shorter side has at least so many.")
    shape: str = limit(
        "any", choices=("any", "landscape", "portrait", "square"), says="Which way it stands."
    )
    order_tolerance: float = limit(
        0.0, "share", most=1, says="How far each side may be off the order."
    )


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare the size as it is shown with what is asked."""
    video = facts.probe.video
    if video is None:
        return not_applicable("There are no pictures in it.")
    width, height = video.display_width, video.display_height
    short, size = min(width, height), f"{width} x {height}"
    asked = facts.order.width, facts.order.height
    value = Measure(short, "px", f"at least {tolerances.min_short_side} px")
    if short < tolerances.min_short_side:
        said = f"The picture is {size}; its shorter side needs {tolerances.min_short_side} pixels."
        return Result(Status.FAIL, said, "Ask for a larger size, or scale it up.", value)
    if tolerances.shape not in {"any", _shape(width, height)}:
        said = f"The picture is {size}, which is {_shape(width, height)}."
        return Result(Status.FAIL, said, f"Ask for {tolerances.shape}.", value)
    if asked[0] and asked[1] and not _near((width, height), asked, tolerances.order_tolerance):
        said = f"The picture is {size}, {asked[0]} x {asked[1]} was asked for."
        return Result(Status.FAIL, said, "Ask again, or accept another size.", value)
    return Result(Status.PASS, f"The picture is {size}.", measure=value)


def _shape(width: int, height: int) -> str:
    return "square" if width == height else "landscape" if width > height else "portrait"


def _near(size: tuple[int, int], asked: tuple[int | None, int | None], share: float) -> bool:
    pairs = zip(size, asked, strict=True)
    return all(want and abs(have - want) <= share * want for have, want in pairs)


CHECK = Check("resolution", 1, "Resolution", CLIPS, Needs.PROBE, Severity.MAJOR, Tolerances, judge)
