"""A take as a value, and the one table of its legal moves."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
    # one transaction sets the money aside and writes the order down
    S.QUOTED: frozenset({S.ORDERED, S.FAILED, S.CANCELLED}),
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


@dataclass(frozen=True, slots=True)
class Take:
    """One attempt to make one variant of one shot with one model.

    `attempt` counts the takes of this variant from 1; only the newest counts for its row. `epoch`
    grows with every claim: who claimed under an older epoch may not write any more. `order_no`
    counts the orders that were written down: what is learnt of one says nothing of the next.

    What follows `finished_at` is for takes of hosted models. `ticket` is the provider's id for the
    order and `order_digest` digests what was sent. `held_on` is the day (UTC) of the open hold,
    the `holds`-th of this take. `due_at` (seconds since 1970) is when somebody must look at the
    take next, and never if it is None; `claimed_by` is who is at it. `looks` counts looks in the
    present state, `tries` the orders that the provider was too busy for. `misses` counts the looks
    since `missed_at` (seconds since 1970) at which the provider did not know the ticket, one after
    the other. `outputs` says where what was made lies. `use` is the kind of order, for whose key
    it is asked about. `note` tells what is odd about what came: another size than was ordered, or
    no thumbnail.
    """

    id: TakeId
    workspace: WorkspaceId
    job: JobId
    row: int
    variant: int
    attempt: int
    model: str
    provider: str
    inputs: Mapping[str, Any]
    inputs_digest: Sha256
    price: Money
    created_at: datetime
    status: TakeStatus = TakeStatus.QUOTED
    epoch: int = 0
    charged: Money = Money()
    asset: Sha256 | None = None
    error: Mapping[str, Any] | None = None
    ordered_at: datetime | None = None
    finished_at: datetime | None = None
    ticket: str | None = None
    order_digest: Sha256 | None = None
    held_on: str | None = None
    holds: int = 0
    due_at: float | None = None
    claimed_by: str | None = None
    looks: int = 0
    tries: int = 0
    cancel_asked: bool = False
    outputs: Mapping[str, Any] | None = None
    running_at: datetime | None = None
    adopting_at: datetime | None = None
    use: str = ""
    order_no: int = 0
    misses: int = 0
    missed_at: float | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What measured charges say of a model's estimates: multiply them, over so many takes."""

    factor: float = 1.0
    takes: int = 0

    def of(self, estimate: Money) -> Money:
        """Correct an estimate, rounded up to a micro-dollar."""
        return Money(-int(-estimate.micros * self.factor // 1))

    def __str__(self) -> str:
        """Say it as people read it."""
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
) -> Take:
    """Word a new take, priced by its card; nothing is set aside yet."""
    return Take(
        id=TakeId(new_id("tk")),
        workspace=job.workspace,
        job=job.id,
        row=row,
        variant=variant,
        attempt=attempt,
        model=card.id,
        provider=card.provider,
        use=card.use(inputs),
        inputs=inputs,
        inputs_digest=digest_of({"model": card.id, "inputs": inputs}),
        price=correction.of(card.price(card.inputs.model_validate(inputs))),
        created_at=now,
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
    """How an ordered take ended: an asset, an error {code, message, next_step}, or cancelled."""

    take: TakeId
    epoch: int
    asset: Sha256 | None = None
    charged: Money = Money()
    error: Mapping[str, Any] | None = None
    cancelled: bool = False
    note: str | None = None

    @property
    def status(self) -> TakeStatus:
        """The state it leads to."""
        if self.asset:
            return TakeStatus.SUCCEEDED
        return TakeStatus.CANCELLED if self.cancelled else TakeStatus.FAILED
