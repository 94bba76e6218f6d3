"""Duration: of pictures, sound and container apart, against the order and against each other."""

from dataclasses import dataclass, replace

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result, not_assessed
from callsheet.ports.findings import Severity, Status
from callsheet.ports.measuring import Probe
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far durations may be apart."""

    share: float = limit(0.05, "share", most=1, says="How far off the order, or each other.")
    slack_s: float = limit(0.1, "s", says="What is never too much: a codec's own rounding.")
    expected_s: float | None = limit(None, "s", says="What is asked of every file.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare each duration with the order, and all with the longest."""
    lengths = _lengths(facts.probe)
    if not lengths:
        return not_assessed("It does not tell how long it is.")
    main = lengths.get("pictures") or lengths.get("sound") or next(iter(lengths.values()))
    asked = tolerances.expected_s or facts.order.duration_s
    value = Measure(
        main, "s", f"within {tolerances.share:.0%}" + (f" of {asked:g} s" if asked else "")
    )
    if asked and abs(main - asked) > max(tolerances.slack_s, tolerances.share * asked):
        said = f"It lasts {main:.2f} s; {asked:g} s were asked for."
        return Result(Status.FAIL, said, "Ask again, or cut it to length.", value)
    name, other = max(lengths.items(), key=lambda pair: abs(pair[1] - main))
    if abs(other - main) > max(tolerances.slack_s, tolerances.share * max(main, other)):
        what = "The pictures last" if "pictures" in lengths else "The sound lasts"
        verb = "lasts" if name != "pictures" else "last"
        said = f"{what} {main:.2f} s, but the {name} {verb} {other:.2f} s."
        advice = "Cut to the shorter, or have the missing part made again."
        span = (min(main, other), max(main, other))
        value = replace(value, value=round(other, 3))
        return Result(Status.FAIL, said, advice, value, at=span, worst=span[0])
    return Result(Status.PASS, f"It lasts {main:.2f} s.", measure=value)


def _lengths(probe: Probe) -> dict[str, float]:
    found = {
        "pictures": probe.video.duration_s if probe.video else None,
        "sound": probe.audio.duration_s if probe.audio else None,
        "container": probe.duration_s,
    }
    return {name: length for name, length in found.items() if length}


CHECK = Check("duration", 1, "Duration", HEARD, Needs.PROBE, Severity.MAJOR, Tolerances, judge)
