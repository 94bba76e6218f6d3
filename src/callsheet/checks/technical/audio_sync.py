"""Sound and picture on the timeline: where each starts, holes, and where each ends.

It sees what the file says, not what is in it: see `event_sync`. Limits are those of ITU-R
BT.1359-1, where sound that comes early is positive: it is noticed from +45 to -125 ms on, and no
longer accepted beyond +90 and -185 ms.
"""

from dataclasses import dataclass

from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far apart sound and picture may start, in milliseconds."""

    early_warn_ms: float = limit(45.0, "ms", says="Sound this early is noticed.")
    late_warn_ms: float = limit(125.0, "ms", says="Sound this late is noticed.")
    early_fail_ms: float = limit(90.0, "ms", says="Sound this early is not accepted.")
    late_fail_ms: float = limit(185.0, "ms", says="Sound this late is not accepted.")
    hole_s: float = limit(0.04, "s", says="Holes in the sound track, summed up.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare where both start, and add up what is missing between."""
    video, audio = facts.probe.video, facts.probe.audio
    if video is None or audio is None:
        return not_applicable("There is no sound beside the pictures.")
    early = (video.start_s - audio.start_s) * 1000
    limits = f"+{tolerances.early_warn_ms:g} to -{tolerances.late_warn_ms:g} ms"
    value = Measure(round(early, 1), "ms", limits)
    where = (
        f"The sound starts {abs(early):.0f} ms {'before' if early > 0 else 'after'} the pictures."
    )
    advice = "Shift the sound by this much, or have it muxed again."
    if early > tolerances.early_fail_ms or -early > tolerances.late_fail_ms:
        return Result(Status.FAIL, where, advice, value, at=(0.0, abs(early) / 1000))
    if audio.missing_s > tolerances.hole_s:
        said = f"In the sound track {audio.missing_s * 1000:.0f} ms are missing between packets."
        return Result(Status.FAIL, said, "Have it muxed again from its source.", value)
    if early > tolerances.early_warn_ms or -early > tolerances.late_warn_ms:
        return Result(Status.WARN, where, advice, value, at=(0.0, abs(early) / 1000))
    return Result(Status.PASS, "Sound and pictures start together, without holes.", measure=value)


CHECK = Check(
    "audio_sync", 1, "Audio sync (timeline)", CLIPS, Needs.PROBE, Severity.MAJOR, Tolerances, judge
)
