"""Size for each minute. Where `bitrate` is asked too, this one only adds what is not pictures."""

from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result, not_assessed
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How large it may be."""

    max_mb_per_minute: float = limit(500.0, "MB/min", says="Millions of bytes for each minute.")
    max_mb: float | None = limit(None, "MB", says="Millions of bytes in all.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Divide its bytes by its minutes."""
    probe = facts.probe
    lengths = [each.duration_s for each in (probe.video, probe.audio) if each and each.duration_s]
    if not lengths:
        return not_assessed("It does not tell how long it is.")
    size = probe.size / 1e6
    rate = size / max(lengths) * 60
    most = tolerances.max_mb_per_minute
    value = Measure(round(rate, 2), "MB/min", f"under {most:g} MB/min")
    if rate >= most:
        said = f"It takes {rate:,.0f} MB a minute, {most:g} are taken."
        return Result(Status.FAIL, said, "Transcode it with a lower rate.", value)
    if tolerances.max_mb is not None and size > tolerances.max_mb:
        said = f"It has {size:,.1f} MB, {tolerances.max_mb:g} are taken."
        return Result(Status.FAIL, said, "Transcode it with a lower rate.", value)
    return Result(Status.PASS, f"It takes {rate:,.1f} MB a minute.", measure=value)


CHECK = Check("size", 1, "Size per minute", HEARD, Needs.PROBE, Severity.MINOR, Tolerances, judge)
