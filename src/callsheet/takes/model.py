"""A take as a value, and the one table of its legal moves."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from callsheet.jobs.errors import IllegalMoveError
from callsheet.jobs.model import Counts, Job
from callsheet.kernel.digests import Sha256, digest_of
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId, new_id
from callsheet.kernel.money import Money
from callsheet.ports.models import ModelCard


class TakeStatus(StrEnum):
    """The life of a take; see docs/why/takes.md."""

    QUOTED = "quoted"  # priced and written down; nothing set aside
    HELD = "held"  # money set aside; nothing sent
    ORDERED = "ordered"  # an order may be with the provider from here on
    IN_DOUBT = "in_doubt"  # it may have been sent; somebody must find out
    RUNNING = "running"  # the provider has accepted it and is at work
    ADOPTING = "adopting"  # made and paid for; being brought into our store
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


S = TakeStatus
# Whoever moves a take asks this table: SQL's conditions are made from it (see `sources`).
TAKE_MOVES: Final[Mapping[TakeStatus, frozenset[TakeStatus]]] = {
    # one transaction sets the money aside and writes the order down; to `succeeded`: the very same
    # order was answered before, and the store has what came
    S.QUOTED: frozenset({S.ORDERED, S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    # to `running`: an order that was taken for never made turns up after all
    S.HELD: frozenset({S.ORDERED, S.RUNNING, S.FAILED, S.CANCELLED}),
    # to `succeeded`: what is made at home is in our store when it is made
    S.ORDERED: frozenset(
        {S.RUNNING, S.ADOPTING, S.IN_DOUBT, S.HELD, S.SUCCEEDED, S.FAILED, S.CANCELLED}
    ),
    S.IN_DOUBT: frozenset({S.RUNNING, S.ADOPTING, S.HELD, S.FAILED, S.CANCELLED}),
    # a provider that does not know its own ticket any more leaves a take in doubt
    S.RUNNING: frozenset({S.ADOPTING, S.IN_DOUBT, S.FAILED, S.CANCELLED}),
    S.ADOPTING: frozenset({S.SUCCEEDED, S.FAILED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset(),
    S.CANCELLED: frozenset(),
}


def sources(to: TakeStatus) -> frozenset[TakeStatus]:
    """Name the states from which a take may move to another."""
    return frozenset(status for status, moves in TAKE_MOVES.items() if to in moves)


ENDED: Final = frozenset(status for status, moves in TAKE_MOVES.items() if not moves)
WAITING: Final = sources(S.ORDERED)
OUT: Final = frozenset({S.ORDERED, S.IN_DOUBT, S.RUNNING})  # an order may be with the provider
_COUNTER: Final[Mapping[TakeStatus, str]] = {
    S.QUOTED: "queued",
    S.HELD: "queued",
    S.ORDERED: "running",
    S.RUNNING: "running",
    S.ADOPTING: "running",
    S.IN_DOUBT: "in_doubt",
    S.SUCCEEDED: "succeeded",
    S.FAILED: "failed",
    S.CANCELLED: "cancelled",
}


def check_move(take: str, status: TakeStatus, to: TakeStatus) -> None:
    """Raise IllegalMoveError unless the table allows it."""
    if to not in TAKE_MOVES[status]:
        raise IllegalMoveError("take", take, status, to)


def counted(statuses: Iterable[TakeStatus]) -> Counts:
    """Count takes by where they stand."""
    return moved((None, status) for status in statuses)


def moved(moves: Iterable[tuple[TakeStatus | None, TakeStatus | None]]) -> Counts:
    """Sum moves up to a change of counts; None stands for not being counted yet, or any more."""
    change = dict.fromkeys(_COUNTER.values(), 0)
    for before, after in moves:
        if before is not None:
            change[_COUNTER[before]] -= 1
        if after is not None:
            change[_COUNTER[after]] += 1
    return Counts(**change)


# Rows count from 1. Takes at this one show no shot: they are asked about others, by a judge.
NO_ROW: Final = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Which attempt at which variant of which shot a take is; all but the job count from 1.

    Takes of no shot are at `NO_ROW`, a variant for each question that is put to somebody.
    """

    job: JobId
    row: int
    variant: int
    attempt: int  # only the newest counts for its row


@dataclass(frozen=True, slots=True)
class Digests:
    """What a take is recognised by.

    `inputs` digests the exact order, with model and seed: an equal one need not be made again.
    `content` digests what its shot showed when it was asked for: with another one it is stale.
    """

    inputs: Sha256
    content: Sha256 | None = None


@dataclass(frozen=True, slots=True)
class Times:
    """When each step of a take was; a step that was not made yet, or is not made, has none."""

    created_at: datetime
    ordered_at: datetime | None = None  # its newest order was written down, and sent then
    running_at: datetime | None = None  # the provider accepted the order
    adopting_at: datetime | None = None  # what was made lies with the provider
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Flight:
    """A take on its way through a provider: its order, its money, its claim, its counts."""

    use: str = ""  # the kind of order, for whose key it is asked about
    order_no: int = 0  # orders written down: what is learnt of one says nothing of the next
    order_digest: Sha256 | None = None  # of what was sent
    ticket: str | None = None  # the provider's id for the order
    outputs: Mapping[str, Any] | None = None  # where what was made lies: {urls, cost}
    held_on: str | None = None  # the day (UTC) of the open hold
    holds: int = 0  # holds that were made for this take
    due_at: float | None = None  # seconds since 1970 at which to look next; None is never
    claimed_by: str | None = None  # the process that is at it
    epoch: int = 0  # grows with each claim: who claimed under an older one may not write any more
    looks: int = 0  # in the present state
    tries: int = 0  # orders that the provider was too busy for
    misses: int = 0  # looks, one after the other, at which the provider did not know the ticket
    missed_at: float | None = None  # seconds since 1970 of the first of them
    cancel_asked: bool = False


@dataclass(frozen=True, slots=True)
class Take:
    """One attempt to make one variant of one shot with one model.

    `asset` is the first of what was made. `note` tells what is odd about what came: another size
    than was ordered, or no thumbnail. `flight` tells how far its order is.
    """

    id: TakeId
    workspace: WorkspaceId
    place: Place
    model: str
    provider: str
    inputs: Mapping[str, Any]
    digests: Digests
    price: Money
    times: Times
    status: TakeStatus = TakeStatus.QUOTED
    charged: Money = Money()
    asset: Sha256 | None = None
    error: Mapping[str, Any] | None = None
    note: str | None = None
    flight: Flight = Flight()

    @property
    def job(self) -> JobId:
        """The job it belongs to."""
        return self.place.job

    @property
    def row(self) -> int:
        """The row of the shot that it shows."""
        return self.place.row

    @property
    def shows_a_shot(self) -> bool:
        """Whether it is made for a shot, and not asked about other takes; only such are counted."""
        return self.place.row != NO_ROW

    @property
    def variant(self) -> int:
        """Which variant of the shot it is, from 1."""
        return self.place.variant

    @property
    def attempt(self) -> int:
        """Which attempt at its variant it is, from 1."""
        return self.place.attempt

    def looked_at(self) -> "Take":
        """Count one more look in the present state."""
        return replace(self, flight=replace(self.flight, looks=self.flight.looks + 1))


@dataclass(frozen=True, slots=True)
class Correction:
    """What measured charges say of a model's estimates: multiply them, over so many takes.

    Over none, it is what the provider's own list says of a card.
    """

    factor: float = 1.0
    takes: int = 0

    @property
    def in_force(self) -> bool:
        """Tell whether it changes, or might change, a price."""
        return bool(self.takes) or self.factor != 1

    def of(self, estimate: Money) -> Money:
        """Correct an estimate, rounded up to a micro-dollar."""
        return Money(-int(-estimate.micros * self.factor // 1))

    def __str__(self) -> str:
        """Say it as people read it."""
        if not self.takes:
            return f"the provider's list \N{MULTIPLICATION SIGN}{self.factor:.4g}"
        return (
            f"measured correction \N{MULTIPLICATION SIGN}{self.factor:.2f} over {self.takes} takes"
        )


UNCORRECTED: Final = Correction()
CORRECTION_TAKES: Final = 50  # the newest that count
_LEAST_TAKES: Final = 5
_LEAST_FACTOR: Final = 0.25
_MOST_FACTOR: Final = 4.0


def measured_correction(ratios: Sequence[float]) -> Correction:
    """Find the correction from what takes cost over what was estimated for each.

    The median, so that a cold start or a cached picture moves nothing; none below five takes, and
    never beyond a quarter and four times: what is farther off is a card to mend.
    """
    if len(ratios) < _LEAST_TAKES:
        return UNCORRECTED
    factor = min(max(statistics.median(ratios), _LEAST_FACTOR), _MOST_FACTOR)
    return Correction(round(factor, 4), len(ratios))


def quoted_take(
    job: Job,
    row: int,
    variant: int,
    attempt: int,
    card: ModelCard,
    inputs: Mapping[str, Any],
    now: datetime,
    correction: Correction = UNCORRECTED,
    content: Sha256 | None = None,
    price: Money | None = None,
) -> Take:
    """Word a new take, priced by its card unless it was before; nothing is set aside yet."""
    if price is None:
        price = correction.of(card.price(card.inputs.model_validate(inputs)))
    return Take(
        id=TakeId(new_id("tk")),
        workspace=job.workspace,
        place=Place(job.id, row, variant, attempt),
        model=card.id,
        provider=card.provider,
        inputs=inputs,
        digests=Digests(digest_of({"model": card.id, "inputs": inputs}), content),
        price=price,
        times=Times(created_at=now),
        flight=Flight(use=card.use(inputs)),
    )


@dataclass(frozen=True, slots=True)
class PriceError:
    """How a model's charges compare with its quotes; `error` is the mean share that they were off.

    `charged` over `quoted` is what its quotes would have had to be multiplied by.
    """

    model: str
    takes: int
    quoted: Money
    charged: Money
    error: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an ordered take ended: an asset, an error {code, message, next_step}, or cancelled.

    `further` are files that came with the asset, in order.
    """

    take: TakeId
    epoch: int
    asset: Sha256 | None = None
    charged: Money = Money()
    error: Mapping[str, Any] | None = None
    cancelled: bool = False
    note: str | None = None
    further: tuple[Sha256, ...] = ()

    @property
    def status(self) -> TakeStatus:
        """The state it leads to."""
        if self.asset:
            return TakeStatus.SUCCEEDED
        return TakeStatus.CANCELLED if self.cancelled else TakeStatus.FAILED
