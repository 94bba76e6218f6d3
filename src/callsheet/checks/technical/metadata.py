"""Metadata: whether the file says of itself what it should.

`duration`, `rate`, `colour` and `sample_rate` are what a container or codec tells; any other key is
a tag of the container, such as `title` or `creation_time`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status
from callsheet.ports.measuring import Probe
from callsheet.ports.tolerances import limit

_KNOWN: dict[str, Callable[[Probe], bool]] = {
    "duration": lambda probe: bool(probe.duration_s),
    "rate": lambda probe: probe.video is None or probe.video.average_rate is not None,
    "colour": lambda probe: probe.video is None or probe.video.primaries != "unknown",
    "sample_rate": lambda probe: probe.audio is None or probe.audio.sample_rate > 0,
}


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What must be there."""

    required: tuple[str, ...] = limit(("duration", "rate", "sample_rate"), says="It fails without.")
    wanted: tuple[str, ...] = limit(("colour",), says="It warns without.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Name what is missing."""
    missing = [key for key in tolerances.required if not _has(facts.probe, key)]
    unsaid = [key for key in tolerances.wanted if not _has(facts.probe, key)]
    wanted = f"it tells {', '.join((*tolerances.required, *tolerances.wanted))}"
    advice = "Have it muxed again with these set."
    if missing:
        said = f"The file does not tell its {', '.join(missing)}."
        return Result(Status.FAIL, said, advice, Measure(", ".join(missing), tolerance=wanted))
    if unsaid:
        said = f"The file does not tell its {', '.join(unsaid)}; players will guess."
        return Result(Status.WARN, said, advice, Measure(", ".join(unsaid), tolerance=wanted))
    return Result(
        Status.PASS, "The file tells all that it should.", measure=Measure(tolerance=wanted)
    )


def _has(probe: Probe, key: str) -> bool:
    known = _KNOWN.get(key)
    if known is not None:
        return known(probe)
    return any(name.lower() == key.lower() and value for name, value in probe.tags)


CHECK = Check("metadata", 1, "Metadata", HEARD, Needs.PROBE, Severity.MINOR, Tolerances, judge)
