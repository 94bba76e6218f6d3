"""Integrity: every packet is decoded, with errors told rather than hidden.

That a player shows something is no proof: most damaged clips play. What counts is frames that a
strict decoder refused or marked as damaged, packets out of order, and frames that never came.
"""

from dataclasses import dataclass

from callsheet.ports.checks import ANY, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status, clock
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How much may be lost."""

    max_errors: int = limit(0, "frames", says="Frames or packets that could not be decoded.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Count what is lost, and say where it begins."""
    probe, measured = facts.probe, facts.measured
    lost = _lost(facts)
    value = Measure(lost, "errors", f"at most {tolerances.max_errors} errors")
    advice = "Fetch it again; if it comes the same, have it made again."
    if measured.failures:
        said = f"It cannot be read: {'; '.join(measured.failures)}."
        return Result(Status.FAIL, said, advice, value)
    if probe.damage:
        said = f"The file is damaged: {'; '.join(probe.damage)}."
        return Result(Status.FAIL, said, advice, value)
    first = measured.trace.first_error_s if measured.trace else None
    if lost > tolerances.max_errors:
        where = f", first near {clock(first)}" if first is not None else ""
        said = f"{lost} frames or pieces of sound are damaged or missing{where}."
        at = None if first is None else (first, first)
        return Result(Status.FAIL, said, advice, value, at=at, worst=first)
    odd = _odd(facts)
    if odd:
        return Result(Status.WARN, odd, "Have it muxed again.", value)
    return Result(Status.PASS, "All of it can be decoded.", measure=value)


def _lost(facts: Facts) -> int:
    """Count errors, and packets that gave no frame: a frame or two may stay in no decoder."""
    trace, sound, video = facts.measured.trace, facts.measured.sound, facts.probe.video
    errors = (trace.errors if trace else 0) + (sound.errors if sound else 0)
    if trace is not None and video is not None and not errors:
        errors += max(0, video.frames - len(trace))
    return errors


def _odd(facts: Facts) -> str:
    video, audio = facts.probe.video, facts.probe.audio
    if video and not video.starts_with_keyframe:
        return "It does not begin with a complete picture."
    if any(each.out_of_order for each in (video, audio) if each):
        return "Packets are out of order."
    return ""


CHECK = Check("integrity", 1, "Integrity", ANY, Needs.DECODED, Severity.CRITICAL, Tolerances, judge)
