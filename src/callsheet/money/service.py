"""Money is set aside before an order, and turned into a charge or given back after."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import JobId, TakeId, WorkspaceId, new_id
from callsheet.kernel.money import Money
from callsheet.money.errors import BudgetExceededError
from callsheet.money.model import (
    Budget,
    Crossing,
    Holding,
    Kind,
    Posting,
    Scope,
    Settlement,
    covered,
    crossed,
    overrun,
    settled,
)
from callsheet.money.store import Key, LedgerStore


@dataclass(frozen=True, slots=True)
class Held:
    """So many of some holdings, from the first, are set aside; `refused` is why the next is not."""

    count: int
    crossings: Sequence[Crossing] = ()
    refused: BudgetExceededError | None = None


@dataclass(frozen=True, slots=True)
class MoneyService:
    """Verbs on money, each in the caller's transaction and safe to repeat.

    `daily_budget` bounds each workspace's day where nobody set another limit.
    """

    daily_budget: Money | None = None
    store: LedgerStore = field(default_factory=LedgerStore)

    async def hold(
        self,
        connection: AsyncConnection,
        holdings: Sequence[Holding],
        now: datetime,
        *,
        restoring: bool = False,
    ) -> list[Crossing]:
        """Set money aside for orders of one workspace, all of it or none; what is stays as it is.

        Raises BudgetExceededError, with nothing written; not when `restoring` what was set aside
        before. Answers the budgets of which 90 % or all is committed by this.
        """
        positive = [each for each in holdings if each.amount > Money()]
        there = await self.store.posted(connection, [_hold_name(each) for each in positive])
        wanted = [each for each in positive if _hold_name(each) not in there]
        if not wanted:
            return []
        workspace = wanted[0].workspace
        changes = _changes(wanted)
        budgets = await self._locked(connection, workspace, list(changes))
        for budget in budgets:
            asked = changes[budget.scope, budget.key]
            if budget.committed + asked > budget.limit and not restoring:
                name = _name(workspace, budget)
                raise BudgetExceededError(name, asked=asked, left=budget.left)
        holds = [Posting(_hold_name(each), Kind.HOLD, each.amount, each) for each in wanted]
        await self.store.post(connection, holds, now)
        await self.store.commit(connection, workspace, changes)
        return _crossings(workspace, budgets, changes)

    async def hold_most(
        self, connection: AsyncConnection, holdings: Sequence[Holding], now: datetime
    ) -> Held:
        """Set money aside for as many orders of one workspace, from the first, as can be covered.

        Each must be covered by every budget: its job's, its day's and its workspace's. What is set
        aside stays as it is, but is not covered by a budget that was passed since: somebody charged
        more than was quoted, and nothing more is ordered under it. What is free always is.
        """
        if not holdings:
            return Held(0)
        workspace = holdings[0].workspace
        there = await self.store.posted(connection, [_hold_name(each) for each in holdings])
        parts = [_part(each, there=_hold_name(each) in there) for each in holdings]
        budgets = await self._locked(connection, workspace, sorted({k for p in parts for k in p}))
        count = covered(budgets, parts)
        new = [each for each in holdings[:count] if _is_new(each, there)]
        changes = _changes(new)
        holds = [Posting(_hold_name(each), Kind.HOLD, each.amount, each) for each in new]
        await self.store.post(connection, holds, now)
        await self.store.commit(connection, workspace, changes)
        refused = None
        if count < len(holdings):
            asked = sum((each.amount for each in holdings[count:]), Money())
            after = [_after(each, changes) for each in budgets]
            one = next(each for each in after if covered([each], parts[count : count + 1]) == 0)
            refused = BudgetExceededError(_name(workspace, one), asked=asked, left=one.left)
        return Held(count, _crossings(workspace, budgets, changes), refused)

    async def hold_each(
        self, connection: AsyncConnection, holdings: Sequence[Holding], now: datetime
    ) -> tuple[list[BudgetExceededError | None], list[Crossing]]:
        """Set money aside for new takes of new jobs of one workspace, each by itself.

        Answers for each, in order, why it is not covered, or None: one that a budget has no room
        for takes nothing from those after it.
        """
        workspace = holdings[0].workspace
        shared = sorted(
            {key for each in holdings for key in _keys(each) if key[0] is not Scope.JOB}
        )
        budgets = {
            (each.scope, each.key): each
            for each in await self._locked(connection, workspace, shared)
        }
        left = {key: each.limit - each.committed for key, each in budgets.items()}
        refused: list[BudgetExceededError | None] = []
        held: list[Holding] = []
        for each in holdings:
            short = next((k for k in _keys(each) if k in left and left[k] < each.amount), None)
            if each.amount <= Money() or short is None:
                held.append(each)
                left.update({key: left[key] - each.amount for key in _keys(each) if key in left})
                refused.append(None)
            else:
                room, name = max(left[short], Money()), _name(workspace, budgets[short])
                refused.append(BudgetExceededError(name, asked=each.amount, left=room))
        paid = [each for each in held if each.amount > Money()]
        changes = _changes(paid)
        holds = [Posting(_hold_name(each), Kind.HOLD, each.amount, each) for each in paid]
        await self.store.post(connection, holds, now)
        await self.store.begin(connection, workspace, [each.job for each in paid])
        await self.store.commit(connection, workspace, changes)
        return refused, _crossings(workspace, list(budgets.values()), changes)

    async def settle(
        self, connection: AsyncConnection, settlements: Sequence[Settlement], now: datetime
    ) -> list[Crossing]:
        """Turn holds of one workspace into charges, and give back the rest.

        What was settled before stays as it was. A charge beyond its hold is written even where it
        passes a budget, because it is spent; the budgets passed are answered, each that is beyond
        its limit by such a charge with how much that was.
        """
        postings = [posting for each in settlements for posting in settled(each)]
        names = [posting.id for posting in postings] + [
            f"charge:{each.holding.take}" for each in settlements
        ]
        there = await self.store.posted(connection, names)
        new = [
            each
            for each in postings
            if each.id not in there and f"charge:{each.holding.take}" not in there
        ]
        if not new:
            return []
        workspace = new[0].holding.workspace
        changes: dict[Key, Money] = defaultdict(Money)
        over: dict[Key, Money] = defaultdict(Money)
        for posting in new:
            sign = {Kind.RELEASE: -1, Kind.OVERRUN: 1}.get(posting.kind, 0)
            for key in _keys(posting.holding):
                changes[key] += posting.amount * sign
                if posting.kind is Kind.OVERRUN:
                    over[key] += posting.amount
        budgets = await self._locked(connection, workspace, list(changes))
        await self.store.post(connection, new, now)
        await self.store.commit(connection, workspace, changes)
        told = _crossings(workspace, budgets, changes)
        for budget in budgets:
            key = (budget.scope, budget.key)
            told += overrun(budget, changes[key], over[key], workspace)
        return told

    async def affordable(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        amount: Money,
        now: datetime,
    ) -> None:
        """Raise BudgetExceededError if so much more would pass a budget; writes nothing."""
        for budget in await self.budgets(connection, workspace, now):
            if budget.scope is not Scope.JOB and budget.committed + amount > budget.limit:
                name = _name(workspace, budget)
                raise BudgetExceededError(name, asked=amount, left=budget.left)

    async def room(
        self, connection: AsyncConnection, workspace: WorkspaceId, job: JobId, now: datetime
    ) -> Money | None:
        """Say how much more a job may commit by every budget that bounds it; None if none does."""
        left = [
            budget.left
            for budget in await self.budgets(connection, workspace, now)
            if budget.scope is not Scope.JOB or budget.key == job
        ]
        return min(left) if left else None

    async def adjust(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        amount: Money,
        *,
        reason: str,
        by: str,
        now: datetime,
    ) -> str:
        """Add money, or correct it with a negative amount; answers the posting's id."""
        day = now.date().isoformat()
        nobody = Holding(TakeId(""), 0, amount, JobId(""), "", "", workspace, day)
        posting = Posting(f"adjust:{new_id('adj')}", Kind.ADJUST, amount, nobody, reason)
        await self.store.post(connection, [posting], now, by)
        return posting.id

    async def set_budget(
        self,
        connection: AsyncConnection,
        workspace: WorkspaceId,
        scope: Scope,
        key: str,
        limit: Money | None,
        *,
        by: str,
        now: datetime,
    ) -> None:
        """Set or remove (None) the budget of a workspace, of each of its days, or of a job."""
        await self.store.set_limit(connection, workspace, (scope, key), limit, now, by)

    async def budgets(
        self, connection: AsyncConnection, workspace: WorkspaceId, now: datetime
    ) -> list[Budget]:
        """List the budgets in force, with what is committed of each; days count as today."""
        limits = await self.store.limits(connection, workspace)
        day = now.date().isoformat()
        today = self._day_limit(limits)
        keys = {key: limit for key, limit in limits.items() if key[0] is not Scope.DAY}
        if today is not None:
            keys[Scope.DAY, day] = today
        return await self.store.budgets(connection, workspace, keys)

    async def _locked(
        self, connection: AsyncConnection, workspace: WorkspaceId, keys: Sequence[Key]
    ) -> list[Budget]:
        """Lock what is committed under some keys; answers those that a budget bounds."""
        committed = await self.store.lock(connection, workspace, keys)
        limits = await self.store.limits(connection, workspace)
        found = []
        for scope, key in sorted(keys):
            limit = limits.get((scope, key))
            if scope is Scope.DAY:
                limit = self._day_limit(limits)
            if limit is not None:
                found.append(Budget(scope, key, limit, committed[scope, key]))
        return found

    def _day_limit(self, limits: Mapping[Key, Money]) -> Money | None:
        return limits.get((Scope.DAY, ""), self.daily_budget)


def _hold_name(holding: Holding) -> str:
    return f"hold:{holding.take}:{holding.epoch}"


def _keys(holding: Holding) -> tuple[Key, ...]:
    return (Scope.ALL, ""), (Scope.DAY, holding.day), (Scope.JOB, str(holding.job))


def _is_new(holding: Holding, there: Collection[str]) -> bool:
    return holding.amount > Money() and _hold_name(holding) not in there


def _part(holding: Holding, *, there: bool) -> dict[Key, Money]:
    """Say what a holding adds to each budget; what is free has none."""
    if holding.amount <= Money():
        return {}
    return dict.fromkeys(_keys(holding), Money() if there else holding.amount)


def _after(budget: Budget, changes: Mapping[Key, Money]) -> Budget:
    change = changes.get((budget.scope, budget.key), Money())
    return replace(budget, committed=budget.committed + change)


def _changes(holdings: Sequence[Holding]) -> dict[Key, Money]:
    changes: dict[Key, Money] = defaultdict(Money)
    for each in holdings:
        for key in _keys(each):
            changes[key] += each.amount
    return dict(changes)


def _crossings(
    workspace: WorkspaceId, budgets: Sequence[Budget], changes: Mapping[Key, Money]
) -> list[Crossing]:
    return [
        crossing
        for budget in budgets
        for change in [changes.get((budget.scope, budget.key), Money())]
        for crossing in crossed(budget, change, workspace)
    ]


def _name(workspace: WorkspaceId, budget: Budget) -> str:
    names = {
        Scope.ALL: f"workspace {workspace}",
        Scope.DAY: f"workspace {workspace} for {budget.key}",
        Scope.JOB: f"job {budget.key}",
    }
    return names[budget.scope]
