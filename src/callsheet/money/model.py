"""Money as values: holds and how they end, the ledger's entries, budgets.

A posting moves an amount between two accounts of a workspace: two entries that sum to zero, so the
sum over all entries is zero, always. `funds` is what may be spent (below zero where nobody filled
it), `held` is set aside for orders, `spent` went to providers, `outside` is where money comes from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.kernel.money import Money


class Account(StrEnum):
    """Where money of a workspace is."""

    FUNDS = "funds"
    HELD = "held"
    SPENT = "spent"
    OUTSIDE = "outside"


class Kind(StrEnum):
    """Why money moves."""

    HOLD = "hold"  # set aside before an order
    CHARGE = "charge"  # spent, out of what was set aside
    RELEASE = "release"  # given back
    OVERRUN = "overrun"  # spent beyond what was set aside: the provider took more than it quoted
    ADJUST = "adjust"  # by a person, with a reason


MOVES: Final[Mapping[Kind, tuple[Account, Account]]] = {
    Kind.HOLD: (Account.FUNDS, Account.HELD),
    Kind.CHARGE: (Account.HELD, Account.SPENT),
    Kind.RELEASE: (Account.HELD, Account.FUNDS),
    Kind.OVERRUN: (Account.FUNDS, Account.SPENT),
    Kind.ADJUST: (Account.OUTSIDE, Account.FUNDS),
}


class Scope(StrEnum):
    """What a budget bounds."""

    ALL = "all"  # everything a workspace ever commits
    DAY = "day"  # what it commits in one day (UTC)
    JOB = "job"  # what one job commits


BudgetKey = tuple[Scope, str]
SHARES: Final = (90, 100)  # percent of a budget at which somebody is told


@dataclass(frozen=True, slots=True)
class Holding:
    """Money set aside for one order: the `epoch`-th hold of a take, on the budget of a `day`."""

    take: TakeId
    epoch: int
    amount: Money
    job: JobId
    model: str
    provider: str
    workspace: WorkspaceId
    day: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a hold ends: so much of it was spent, or more, and the rest is given back."""

    holding: Holding
    charged: Money
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """One movement of money. `id` says what it is for, so that it can happen only once."""

    id: str
    kind: Kind
    amount: Money
    holding: Holding
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Crossing:
    """A budget of which a share (percent) was passed just now.

    `overrun` is what providers charged beyond their quotes, where that went past the limit.
    """

    workspace: WorkspaceId
    scope: str
    key: str
    share: int
    committed: Money
    limit: Money
    overrun: Money = Money()


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit, and how much of it is committed: held or spent. `key` is a job, a day, or empty."""

    scope: Scope
    key: str
    limit: Money
    committed: Money

    @property
    def left(self) -> Money:
        """What may still be committed; zero where more was spent than allowed."""
        return max(self.limit - self.committed, Money())


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One line of the ledger."""

    posting: str
    account: Account
    amount: Money
    kind: Kind
    job: str | None
    take: str | None
    model: str | None
    provider: str | None
    day: str
    at: datetime
    by: str | None
    reason: str | None


def settled(settlement: Settlement) -> list[Posting]:
    """Word the postings that end a hold; nothing moves where the amount is zero."""
    holding, charged = settlement.holding, settlement.charged
    spent = min(charged, holding.amount)
    name = f"{holding.take}:{holding.epoch}"
    over_reason = settlement.reason or "the provider charged more than was quoted"
    postings = [
        Posting(f"charge:{holding.take}", Kind.CHARGE, spent, holding, settlement.reason),
        Posting(f"release:{name}", Kind.RELEASE, holding.amount - spent, holding),
        Posting(f"overrun:{holding.take}", Kind.OVERRUN, charged - spent, holding, over_reason),
    ]
    return [posting for posting in postings if posting.amount > Money()]


def overrun(budget: Budget, change: Money, over: Money, workspace: WorkspaceId) -> list[Crossing]:
    """Tell of a budget that charges beyond their quotes took, or left, past its limit."""
    after = budget.committed + change
    if over <= Money() or after <= budget.limit:
        return []
    share = after.micros * 100 // budget.limit.micros if budget.limit.micros else SHARES[-1]
    return [Crossing(workspace, budget.scope, budget.key, share, after, budget.limit, over)]


def covered(budgets: Sequence[Budget], parts: Sequence[Mapping[BudgetKey, Money]]) -> int:
    """Count how many parts, from the first, all budgets cover together.

    A part says what it adds to each budget: nothing, where its money is set aside already. Under a
    budget that is passed nothing more goes, not even that.
    """
    left = {(each.scope, each.key): each.limit - each.committed for each in budgets}
    for count, part in enumerate(parts):
        for key, amount in part.items():
            if key in left:
                left[key] -= amount
                if left[key] < Money():
                    return count
    return len(parts)


def crossed(budget: Budget, change: Money, workspace: WorkspaceId) -> list[Crossing]:
    """Tell which shares of a budget a change of what is committed passes, upwards."""
    after = budget.committed + change
    return [
        Crossing(workspace, budget.scope, budget.key, share, after, budget.limit)
        for share in SHARES
        if budget.committed.micros * 100 < budget.limit.micros * share <= after.micros * 100
    ]
