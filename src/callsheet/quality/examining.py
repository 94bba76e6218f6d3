"""Examining one file: what its probe says is judged at once, the rest when it has been measured."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callsheet.ports.checks import Check, Facts, Needs, Order
from callsheet.ports.findings import Finding, Severity, Status
from callsheet.ports.measuring import Inspector, Measured, OpenFile, Probe, UnreadableMediaError
from callsheet.quality.profiles import Profile

_KEPT_LIKENESSES = 2_000
_NO_ORDER = Order()


@dataclass(frozen=True, slots=True)
class Findings:
    """Some findings about a file, as soon as they are known; `probe` is None for what is none."""

    found: Sequence[Finding]
    probe: Probe | None = None
    measured: Measured | None = None


@dataclass(slots=True)
class Examiner:
    """Examines files under one profile. Pictures are compared with those it has seen before."""

    inspector: Inspector
    checks: Sequence[Check[Any]]
    profile: Profile
    _seen: list[tuple[str, str]] = field(default_factory=list)

    def remember(self, name: str, likeness: str) -> None:
        """Compare what comes with a picture that was examined before, by its likeness."""
        if len(self._seen) < _KEPT_LIKENESSES:
            self._seen.append((name, likeness))

    async def examine(
        self, file: OpenFile, name: str, order: Order = _NO_ORDER
    ) -> AsyncIterator[Findings]:
        """Yield findings twice: of the probe, and of all that was measured.

        Raises FileChangedError, StudioUnavailableError.
        """
        try:
            probe = await self.inspector.probe(file)
        except UnreadableMediaError as error:
            yield Findings([unreadable(error)])
            return
        facts = Facts(probe, order=order, name=name)
        yield Findings(self.profile.judge(self._asked(early=True), facts), probe)
        measured = await self.inspector.measure(file, probe)
        facts = replace(facts, measured=measured, siblings=tuple(self._seen))
        if measured.still is not None:
            self.remember(name, measured.still.likeness)
        yield Findings(self.profile.judge(self._asked(early=False), facts), probe, measured)

    def _asked(self, *, early: bool) -> Iterator[Check[Any]]:
        """Walk the checks that need a probe and no more, or the others."""
        return (each for each in self.checks if (each.needs is Needs.PROBE) is early)


def unreadable(error: UnreadableMediaError) -> Finding:
    """Word what no check can be asked about."""
    said = f"It cannot be read: {error.reason}."
    advice = "Fetch it again, or have it made again in a format that is read."
    return Finding("integrity", 1, Status.FAIL, Severity.CRITICAL, said, advice)
