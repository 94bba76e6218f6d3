"""Sync by events: where a sound sets in and the light jumps at nearly the same moment.

Only clips with such pairs can be judged, as a slate or a flash with a beep; for others it says so.
Correlation over all is not used: its bias is greater than what is judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from callsheet.checks.spans import numbers, usual
from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.measuring import Trace
from callsheet.ports.tolerances import limit

_JUMP = 24.0  # greys
_OUT = 6.0  # times the usual change


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How far apart they may be, in milliseconds; sound that comes early is positive."""

    early_warn_ms: float = limit(45.0, "ms", says="Sound this early is noticed.")
    late_warn_ms: float = limit(125.0, "ms", says="Sound this late is noticed.")
    early_fail_ms: float = limit(90.0, "ms", says="Sound this early is not accepted.")
    late_fail_ms: float = limit(185.0, "ms", says="Sound this late is not accepted.")
    reach_ms: float = limit(400.0, "ms", says="What lies further apart is no pair.")
    spread_ms: float = limit(20.0, "ms", says="Pairs that differ by more are none.")
    least_pairs: int = limit(2, "pairs", least=1, says="Fewer tell nothing.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Pair each jump of light with the nearest onset, and take the middle."""
    jumps = _jumps(facts.trace)
    early = _pairs(jumps, facts.sound.onsets, tolerances.reach_ms / 1000)
    middle = median(early) * 1000 if early else 0.0
    spread = median(abs(each * 1000 - middle) for each in early) if early else 0.0
    few = len(early) < max(tolerances.least_pairs, len(jumps) // 2)
    if few or spread > tolerances.spread_ms:
        return not_applicable("It has no moments that can be seen and heard at once.")
    limits = f"+{tolerances.early_warn_ms:g} to -{tolerances.late_warn_ms:g} ms"
    value = Measure(round(middle, 1), "ms", limits)
    which = "early" if middle > 0 else "late"
    said = f"By {len(early)} events the sound comes {abs(middle):.0f} ms {which}."
    advice = f"Shift the sound by {-middle:+.0f} ms."
    at = (jumps[0], jumps[0] + 0.1)
    if middle > tolerances.early_fail_ms or -middle > tolerances.late_fail_ms:
        return Result(Status.FAIL, said, advice, value, at=at, worst=jumps[0])
    if middle > tolerances.early_warn_ms or -middle > tolerances.late_warn_ms:
        return Result(Status.WARN, said, advice, value, at=at, worst=jumps[0])
    shown = f"Sound and picture meet at {clock(jumps[0])} and {len(early) - 1} more times."
    return Result(Status.PASS, shown, measure=value)


def _jumps(trace: Trace) -> list[float]:
    """Find moments at which the picture becomes much lighter at once."""
    luma = trace["luma"]
    changes = [after - before for before, after in pairwise(luma)]
    ordinary = usual(map(abs, numbers(changes)))
    bound = max(_JUMP, _OUT * ordinary)
    return [trace.times[place + 1] for place, change in enumerate(changes) if change >= bound]


def _pairs(jumps: Sequence[float], onsets: Sequence[float], reach: float) -> list[float]:
    """Answer how much earlier than its jump each nearest sound is."""
    nearest = (min(onsets, key=lambda onset: abs(onset - jump), default=None) for jump in jumps)
    pairs = zip(jumps, nearest, strict=True)
    return [
        jump - onset for jump, onset in pairs if onset is not None and abs(jump - onset) <= reach
    ]


CHECK = Check(
    "event_sync", 1, "Audio sync (events)", CLIPS, Needs.BOTH, Severity.MAJOR, Tolerances, judge
)
