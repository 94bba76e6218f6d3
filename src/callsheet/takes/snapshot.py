"""Takes in a recovery snapshot, and what becomes of them when they are brought back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from callsheet.jobs.snapshot import Record, RecordKind, row_in
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import TakeId
from callsheet.takes.model import ENDED, OUT, Take, TakeStatus
from callsheet.takes.outputs import Output, OutputRole
from callsheet.takes.tables import TAKES, take_of

RESTORED_DOUBT: Final[Mapping[str, Any]] = {
    "code": "in_doubt",
    "message": "restored from the store, which does not know whether it was ordered; look it up at"
    " the provider, then decide with: callsheet takes reconcile",
    "next_step": "reconcile",
}
GONE: Final[Mapping[str, Any]] = {
    "code": "asset_missing",
    "message": "restored from the store, in which the file that was made is no longer",
    "next_step": "stop",
}


def take_in(record: Record) -> Take:
    """Read a take back."""
    return take_of(row_in(TAKES, record))


def output_out(output: Output) -> dict[str, Any]:
    """Write an output as a record."""
    place = {"take": output.take, "position": output.position}
    return {"kind": RecordKind.OUTPUT, **place, "asset": output.asset, "role": output.role}


def output_in(record: Record) -> Output:
    """Read an output back."""
    role = OutputRole(record["role"])
    return Output(TakeId(record["take"]), record["position"], Sha256(record["asset"]), role)


@dataclass(frozen=True, slots=True)
class Revival:
    """How takes of a live job come back."""

    now: datetime

    def of(self, take: Take, sent: Sha256 | None) -> Take:
        """Bring back a take of a hosted model: it is followed, or in doubt, and never ordered anew.

        One that waited may have been ordered since: the snapshot after this one may be what was
        lost. `sent` digests what would have been sent, if that can be told: an order with it in the
        provider's list is ours. Without it, and without a ticket, a person decides.
        """
        if take.status in ENDED:
            return take
        due_at = self.now.timestamp()
        fresh = replace(take.flight, claimed_by=None, looks=0, misses=0, missed_at=None)
        if take.status is TakeStatus.ADOPTING:
            return replace(take, flight=replace(fresh, due_at=due_at))
        held = self._held(replace(take, flight=fresh))
        if held.flight.ticket:
            times = replace(take.times, running_at=take.times.running_at or self.now)
            flight = replace(held.flight, due_at=due_at)
            return replace(held, status=TakeStatus.RUNNING, times=times, flight=flight, error=None)
        digest = (take.flight.order_digest if take.status in OUT else None) or sent
        flight = replace(held.flight, order_digest=digest, due_at=due_at if digest else None)
        error = None if digest else RESTORED_DOUBT
        return replace(held, status=TakeStatus.IN_DOUBT, flight=flight, error=error)

    def _held(self, take: Take) -> Take:
        """Set the money of a take aside that may be out, as of today where it was not known."""
        ordered_at = take.times.ordered_at or self.now
        times = replace(take.times, ordered_at=ordered_at)
        if take.flight.held_on:
            return replace(take, times=times)
        day, holds = self.now.date().isoformat(), take.flight.holds + 1
        return replace(take, times=times, flight=replace(take.flight, held_on=day, holds=holds))


def without_file(take: Take) -> Take:
    """End a take that was made and whose file is lost; what it cost stays spent."""
    return replace(take, status=TakeStatus.FAILED, asset=None, error=GONE)
