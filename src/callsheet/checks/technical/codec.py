"""Codec: what pictures and sound are coded with, by the codec's own name, profile and level."""

from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result
from callsheet.ports.findings import Severity, Status
from callsheet.ports.measuring import Probe
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Which codecs are taken."""

    video: tuple[str, ...] = limit(("h264", "hevc", "vp9", "av1"), says="Codecs of pictures.")
    audio: tuple[str, ...] = limit(
        ("aac", "opus", "mp3", "pcm_s16le", "pcm_s24le", "flac"), says="Codecs of sound."
    )
    profiles: tuple[str, ...] = limit((), says="Profiles of the codec; none named: any.")
    max_level: int | None = limit(None, least=1, says="As the codec writes it: 4.1 is 41.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Name the first thing that is not taken."""
    probe = facts.probe
    value = Measure(_spelled(probe), tolerance=f"one of {', '.join(tolerances.video)}")
    wrong = _wrong(probe, tolerances)
    if wrong:
        return Result(Status.FAIL, wrong, "Transcode it for delivery.", value)
    return Result(Status.PASS, f"It is coded as {_spelled(probe)}.", measure=value)


def _wrong(probe: Probe, tolerances: Tolerances) -> str:
    video, audio = probe.video, probe.audio
    if video and video.codec not in tolerances.video:
        return f"The pictures are coded with {video.codec}."
    if video and tolerances.profiles and video.profile not in tolerances.profiles:
        return f"The pictures use the profile {video.profile or 'unknown'}."
    most = tolerances.max_level
    if video and most is not None and (video.level or 0) > most:
        return f"The pictures use level {video.level}, at most {most} is taken."
    if audio and audio.codec not in tolerances.audio:
        return f"The sound is coded with {audio.codec}."
    return ""


def _spelled(probe: Probe) -> str:
    tracks = [each for each in (probe.video, probe.audio) if each]
    return " + ".join(" ".join(filter(None, (each.codec, each.profile))) for each in tracks)


CHECK = Check("codec", 1, "Codec", HEARD, Needs.PROBE, Severity.MAJOR, Tolerances, judge)
