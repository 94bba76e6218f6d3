"""What a check of a deployment found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: whether it passed, its figures, and how to mend what is wrong.

    `notes` are things to know that do not fail it.
    """

    name: str
    passed: bool
    figures: Mapping[str, Any]
    mend: Sequence[str] = ()
    notes: Sequence[str] = ()

    def document(self) -> dict[str, Any]:
        """Write it as JSON."""
        return asdict(self)


@dataclass(slots=True)
class Findings:
    """What is found while a check runs; it passes if nothing is to mend."""

    name: str
    figures: dict[str, Any] = field(default_factory=dict)
    mend: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def done(self) -> Finding:
        """Give what was found."""
        return Finding(self.name, not self.mend, self.figures, self.mend, self.notes)
