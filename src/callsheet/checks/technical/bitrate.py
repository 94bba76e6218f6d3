"""Bit rate of the pictures, by the sizes of all packets: headers often say nothing, or wrong.

The limits hold for 1920 x 1080 at 30 frames a second. For more pixels the upper one grows with
them, for fewer the lower one shrinks. A low rate only warns: a still picture needs very little.
"""

from dataclasses import dataclass

from callsheet.ports.checks import CLIPS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit

_PIXELS_PER_S = 1920 * 1080 * 30


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Between which rates it should lie."""

    min_mbit_s: float = limit(2.0, "Mbit/s", says="Below this, for its size, it only warns.")
    max_mbit_s: float = limit(8.0, "Mbit/s", says="Above this it fails.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare the true rate with limits that fit the size."""
    video = facts.probe.video
    if video is None:
        return not_applicable("There are no pictures in it.")
    rate = video.bits_per_s / 1e6
    scale = video.width * video.height * float(video.rate or 30) / _PIXELS_PER_S
    low, high = tolerances.min_mbit_s * min(1.0, scale), tolerances.max_mbit_s * max(1.0, scale)
    value = Measure(rate, "Mbit/s", f"{low:.2g} to {high:.3g} Mbit/s")
    if rate > high:
        said = f"The pictures take {rate:.1f} Mbit/s, more than {high:.1f}."
        return Result(Status.FAIL, said, "Transcode it with a lower rate.", value)
    if rate < low:
        said = f"The pictures take only {rate:.2f} Mbit/s; detail may have been lost."
        return Result(
            Status.WARN, said, "Look at it at full size; still scenes need little.", value
        )
    return Result(Status.PASS, f"The pictures take {rate:.2f} Mbit/s.", measure=value)


CHECK = Check("bitrate", 1, "Bit rate", CLIPS, Needs.PROBE, Severity.MINOR, Tolerances, judge)
