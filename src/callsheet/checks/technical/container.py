"""Container: by the file's own bytes, never by its name; whether a player can start at once."""

from dataclasses import dataclass
from pathlib import PurePath

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit

_ENDINGS = {
    "mp4": (".mp4", ".m4v", ".m4a"),
    "mov": (".mov", ".qt"),
    "webm": (".webm",),
    "matroska": (".mkv", ".mka"),
    "wav": (".wav",),
    "mp3": (".mp3",),
    "flac": (".flac",),
    "ogg": (".ogg", ".oga", ".opus"),
}


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Which containers are taken, and what must be in them."""

    containers: tuple[str, ...] = limit(
        ("mp4", "webm", "mov", "wav", "mp3", "flac", "ogg"), says="By their own bytes."
    )
    fast_start: bool = limit(default=True, says="Warn where an mp4's index comes after its media.")
    fragmented: bool = limit(default=False, says="Whether a fragmented mp4 is taken.")
    sound_required: bool = limit(default=False, says="Whether there must be sound.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Say what it is, and whether that is taken."""
    probe = facts.probe
    value = Measure(probe.container, tolerance=", ".join(tolerances.containers))
    if probe.container not in tolerances.containers:
        said = f"It is a {probe.container} file."
        return Result(Status.FAIL, said, "Have it muxed into another container.", value)
    if tolerances.sound_required and probe.audio is None:
        return Result(
            Status.FAIL, "It has no sound track.", "Add one, or have it made again.", value
        )
    ending = PurePath(facts.name).suffix.lower()
    if ending and ending not in _ENDINGS.get(probe.container, (ending,)):
        said = f"It is a {probe.container} file, but its name ends in {ending}."
        return Result(Status.WARN, said, "Rename it: some players go by the name.", value)
    if probe.fragmented and not tolerances.fragmented:
        said = "The mp4 is fragmented, which editing programs may not read."
        return Result(Status.WARN, said, "Have it muxed again without fragments.", value)
    if probe.fast_start is False and tolerances.fast_start:
        said = "Its index is at the end: a browser must load all of it before it plays."
        return Result(Status.WARN, said, "Have it muxed again with the index first.", value)
    return Result(Status.PASS, f"It is a {probe.container} file.", measure=value)


CHECK = Check("container", 1, "Container", HEARD, Needs.PROBE, Severity.MAJOR, Tolerances, judge)
