"""Near-duplicate: a variant that looks like another one was paid for twice."""

from dataclasses import dataclass

from callsheet.ports.checks import STILLS, Check, Facts, Measure, Needs, Result, not_applicable
from callsheet.ports.findings import Severity, Status
from callsheet.ports.tolerances import limit


@dataclass(frozen=True, slots=True)
class Tolerances:
    """How alike two may be."""

    near_bits: int = limit(60, "of 256 bits", most=256, says="Hashes this near look the same.")


def judge(facts: Facts, tolerances: Tolerances) -> Result:
    """Compare its perceptual hash with those of the other variants."""
    if not facts.siblings:
        return not_applicable("There is no other variant of it.")
    mine = int(facts.still.likeness, 16)
    apart = [((mine ^ int(other, 16)).bit_count(), name) for name, other in facts.siblings]
    bits, name = min(apart)
    value = Measure(bits, "of 256 bits", f"over {tolerances.near_bits} bits")
    if bits > tolerances.near_bits:
        return Result(Status.PASS, "It differs from the other variants.", measure=value)
    said = f"It looks the same as {name}."
    return Result(Status.WARN, said, "Ask for another variant, or leave one out.", value)


CHECK = Check(
    "still_duplicate", 1, "Near-duplicate", STILLS, Needs.STILL, Severity.MINOR, Tolerances, judge
)
