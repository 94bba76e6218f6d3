"""What keeps a file from leaving: pure rules over what is known of it.

Whoever knows more of a file (verdicts, signatures) fills in more of `Master`; the rules are here.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from callsheet.jobs.decisions import Choice
from callsheet.quality.states import Quality


class Reason(StrEnum):
    """Why a file may not leave."""

    STALE = "stale"
    FAILED_QUALITY = "failed_quality"
    UNAPPROVED = "unapproved"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Master:
    """What is known of a file that may leave.

    `decided` is the newest decision of a person that holds: about these bytes, and about what the
    shot is to show now. `approved_whole` tells whether somebody let the whole job pass its review.
    """

    name: str  # as people read it: row, scene, variant
    take: str
    asset: str
    stale: bool = False
    quality: Quality | None = None
    decided: Choice | None = None
    approval_asked: bool = False
    approved_whole: bool = False
    signing_asked: bool = False
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason that keeps one file from leaving; `key` names it for whoever overrides it."""

    reason: Reason
    name: str
    take: str
    asset: str
    message: str

    @property
    def key(self) -> str:
        """The name of this refusal of these bytes: other bytes are refused anew."""
        return f"{self.reason}:{self.take}:{self.asset}"


def left_out(master: Master) -> bool:
    """Tell whether somebody rejected the file: it is no part of any package."""
    return master.decided is Choice.REJECT


def refusals(master: Master) -> Iterator[Refusal]:
    """Say each reason that keeps a file from leaving, with the next step."""
    if master.stale:
        said = "its shot is to show something else now; make it again, or take the edit back"
        yield _refusal(master, Reason.STALE, said)
    if master.quality is Quality.FAIL and master.decided is not Choice.OVERRIDE:
        said = "its checks failed; make it again, or override the verdict of its take"
        yield _refusal(master, Reason.FAILED_QUALITY, said)
    approved = master.decided in {Choice.APPROVE, Choice.OVERRIDE} or master.approved_whole
    if master.approval_asked and not approved:
        said = "approval was asked for and nobody gave it; approve its take"
        yield _refusal(master, Reason.UNAPPROVED, said)
    if master.signing_asked and not master.signed:
        said = "signing was asked for and it is not signed; sign it"
        yield _refusal(master, Reason.UNSIGNED, said)


def _refusal(master: Master, reason: Reason, said: str) -> Refusal:
    return Refusal(reason, master.name, master.take, master.asset, f"{master.name}: {said}")


def standing(found: Collection[Refusal], overridden: Collection[str]) -> list[Refusal]:
    """Leave of refusals those that nobody has overridden; `overridden` are their keys."""
    return [each for each in found if each.key not in overridden]
