"""Sound policy: music or voices in a clip for which none were asked.

Both are told by how levels and tones move, without a model: it warns, and says how sure it is.
"""

from dataclasses import dataclass

from callsheet.ports.checks import HEARD, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is asked for where the order says nothing, and from when on it is heard."""

    music: bool = limit(default=True, says="Whether there may be music.")
    voice: bool = limit(default=True, says="Whether there may be voices.")
    music_share: float = limit(0.5, "share", most=1, says="Of moments that hold tones.")
    voice_share: float = limit(0.4, "share", most=1, says="Of moments that move as syllables do.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Listen for what was not asked for."""
    sound, order = facts.sound, facts.order
    asked = (
        ("music", sound.music, tolerances.music_share, order.music, tolerances.music),
        ("a voice", sound.speech, tolerances.voice_share, order.voice, tolerances.voice),
    )
    unwanted = [
        (what, share, bound)
        for what, share, bound, ordered, allowed in asked
        if not (allowed if ordered is None else ordered)
    ]
    if not unwanted:
        return not_applicable("Music and voices may be in it.")
    for what, share, bound in unwanted:
        if share is not None and share >= bound:
            sure = "likely" if share >= (1 + bound) / 2 else "perhaps"
            said = f"There is {sure} {what} in it ({share:.0%} of it sounds like that)."
            advice = "Listen to it; if so, have the sound made again or left out."
            return Result(
                Status.WARN,
                said,
                advice,
                Measure(round(share, 3), "share", f"under {bound:g}"),
            )
    names = " or ".join(what for what, _, _ in unwanted)
    return Result(Status.PASS, f"Nothing in it sounds like {names}.")


CHECK = Check(
    "sound_policy",
    1,
    "Unasked music or voice",
    HEARD,
    Needs.SOUND,
    Severity.MINOR,
    Tolerances,
    judge,
)
