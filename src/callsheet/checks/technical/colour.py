"""Colour: subsampling, depth, range, primaries and transfer, each for itself.

`yuvj420p` is 4:2:0 in full range, and not another format; a 10-bit PQ clip is HDR.
"""

from dataclasses import dataclass

from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is taken of each; "unknown" stands for what the file does not say."""

    subsampling: tuple[str, ...] = limit(("4:2:0",), says="Such as 4:2:0.")
    depth: tuple[int, ...] = limit((8,), "bit", least=1, most=32, says="Bits a sample.")
    range: tuple[str, ...] = limit(("limited", "unknown"), says="limited, full or unknown.")
    primaries: tuple[str, ...] = limit(
        ("bt709", "smpte170m", "bt470bg", "unknown"), says="As named."
    )
    transfer: tuple[str, ...] = limit(
        ("bt709", "smpte170m", "srgb", "gamma22", "unknown"), says="As named; pq and hlg are HDR."
    )


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Name everything that is not taken."""
    video = facts.probe.video
    if video is None:
        return not_applicable("There are no pictures in it.")
    parts = (
        ("subsampling", video.subsampling, tolerances.subsampling),
        ("depth", video.depth, tolerances.depth),
        ("range", video.range, tolerances.range),
        ("primaries", video.primaries, tolerances.primaries),
        ("transfer", video.transfer, tolerances.transfer),
    )
    spelled = (
        f"{video.subsampling} {video.depth} bit, {video.range} range, {video.primaries} primaries,"
        f" {video.transfer} transfer"
    )
    wrong = [(name, have, taken) for name, have, taken in parts if have not in taken]
    if wrong:
        names = "; ".join(f"{name} is {have}" for name, have, _ in wrong)
        limits = "; ".join(f"{name}: {', '.join(map(str, taken))}" for name, _, taken in wrong)
        return Result(
            Status.FAIL,
            f"Of its colours {names}.",
            "Convert it for this delivery.",
            Measure(spelled, tolerance=limits),
        )
    return Result(Status.PASS, f"Its colours are {spelled}.", measure=Measure(spelled))


CHECK = Check("colour", 1, "Colour", CLIPS, Needs.PROBE, Severity.MAJOR, Tolerances, judge)
