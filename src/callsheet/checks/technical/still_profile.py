"""Colour profile of a picture: sRGB, or none, which means sRGB on the web; and its mode."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What is taken."""

    profiles: tuple[str, ...] = limit(("srgb",), says="Words that its profile's name may hold.")
    required: bool = limit(default=False, says="Whether there must be a profile.")
    cmyk: bool = limit(default=False, says="Whether colours of print are taken.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare its profile's name."""
    picture = facts.probe.picture
    if picture is None:
        return not_applicable("It is no still picture.")
    name = picture.profile
    value = Measure(name or "none", tolerance=", ".join(tolerances.profiles))
    if picture.mode == "CMYK" and not tolerances.cmyk:
        return Result(
            Status.FAIL, "It is in colours of print (CMYK).", "Convert it to sRGB.", value
        )
    if not name:
        if tolerances.required:
            return Result(Status.FAIL, "It has no colour profile.", "Embed sRGB.", value)
        return Result(Status.PASS, "It has no colour profile, which means sRGB.", measure=value)
    plain = name.lower().replace(" ", "")
    if any(word.lower() in plain for word in tolerances.profiles):
        return Result(Status.PASS, f"Its colours are {name}.", measure=value)
    said = f"Its colour profile is {name}; without it colours look wrong."
    return Result(Status.WARN, said, "Convert it to sRGB.", value)


CHECK = Check(
    "still_profile", 1, "Colour profile", STILLS, Needs.PROBE, Severity.MINOR, Tolerances, judge
)
