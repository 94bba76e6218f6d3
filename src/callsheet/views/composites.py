"""How composites fare, counted from their takes: hosted against local, and why they fell back."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.composites import counted_since
from callsheet.kernel.ids import WorkspaceId
from callsheet.kernel.money import Money
from callsheet.ports.database import Database
from callsheet.takes.composites import HOSTED_COMPOSITES
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.tables import TAKES, take_of

LOCAL: Final = "local/composite"
_REFUSED: Final = "hosted answer refused"
_MOST: Final = 5_000  # takes that are counted, the newest
_LOOKED_AT: Final = 50
_MOST_FELL_BACK, _LEAST_SUCCEEDED, _SLOWEST_S = 0.1, 0.9, 60.0
_KEY_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class Tally:
    """Takes of one method that have ended: how many, how well, and how long they took."""

    total: int
    succeeded: int
    times: tuple[float, ...]

    @property
    def success_rate(self) -> float | None:
        """The share that succeeded, of those that ended."""
        return self.succeeded / self.total if self.total else None

    def told(self) -> dict[str, Any]:
        """Word it for the API."""
        times = sorted(self.times)
        return {
            "total": self.total,
            "succeeded": self.succeeded,
            "failed": self.total - self.succeeded,
            "success_rate": self.success_rate,
            "avg_time_seconds": round(statistics.fmean(times), 3) if times else None,
            "p95_time_seconds": round(times[int(0.95 * (len(times) - 1))], 3) if times else None,
        }


@dataclass(frozen=True, slots=True)
class Fared:
    """How the composites of a workspace fared."""

    hosted: Tally
    local: Tally
    composites: int
    reasons: Mapping[str, int]
    cost: Money

    @property
    def fallback_rate(self) -> float:
        """The share of composites that a hosted model should have made and did not."""
        return sum(self.reasons.values()) / self.composites if self.composites else 0.0

    def health(self) -> tuple[str, list[str]]:
        """Judge it: ``healthy``, ``degraded`` or ``unhealthy``, with the reasons."""
        reasons = []
        if self.fallback_rate > _MOST_FELL_BACK:
            reasons.append(f"{self.fallback_rate:.0%} fell back to the local compositor")
        rate = self.hosted.success_rate
        if rate is not None and rate < _LEAST_SUCCEEDED:
            reasons.append(f"only {rate:.0%} of hosted orders succeeded")
        if self.hosted.times and statistics.fmean(self.hosted.times) > _SLOWEST_S:
            reasons.append(f"hosted orders take {statistics.fmean(self.hosted.times):.0f} s")
        worst = self.local.success_rate
        if worst is not None and worst < _LEAST_SUCCEEDED:
            return "unhealthy", [*reasons, f"only {worst:.0%} of local composites succeeded"]
        return ("degraded" if reasons else "healthy"), reasons


@dataclass(frozen=True, slots=True)
class CompositeView:
    """Tells how composites fare. Each verb may raise DatabaseUnavailableError."""

    database: Database
    clock: Callable[[], datetime]

    async def last_days(self, workspace: WorkspaceId, days: int) -> tuple[datetime, Fared]:
        """Count a workspace's composites of so many days; since when, and how they fared."""
        since = self.clock() - timedelta(days=days)
        async with self.database.read() as connection:
            begun = await counted_since(connection, workspace)
            since = max(since, begun) if begun is not None else since
            takes = await _composite_takes(connection, workspace, since=since)
        return since, _fared(takes)

    async def by_day(self, workspace: WorkspaceId, days: int) -> list[tuple[date, Fared]]:
        """Count a workspace's composites of each of so many days (UTC), the newest first.

        Days on which nothing was made are there, too; at most the newest 5,000 takes are counted.
        """
        today = self.clock().date()
        first = today - timedelta(days=days - 1)
        since = datetime.combine(first, time(), UTC)
        async with self.database.read() as connection:
            begun = await counted_since(connection, workspace)
            since = max(since, begun) if begun is not None else since
            takes = await _composite_takes(connection, workspace, since=since)
        of_day: dict[date, list[Take]] = defaultdict(list)
        for take in takes:
            of_day[take.times.created_at.astimezone(UTC).date()].append(take)
        each = [today - timedelta(days=number) for number in range(days)]
        return [(day, _fared(of_day.get(day, []))) for day in each]

    async def lately(self, workspace: WorkspaceId) -> Fared:
        """Count a workspace's last composites."""
        async with self.database.read() as connection:
            begun = await counted_since(connection, workspace)
            takes = await _composite_takes(connection, workspace, since=begun, most=2 * _LOOKED_AT)
        return _fared(takes)


async def _composite_takes(
    connection: AsyncConnection,
    workspace: WorkspaceId,
    *,
    since: datetime | None = None,
    most: int = _MOST,
) -> list[Take]:
    """Read the newest takes of composites that have ended."""
    ended = [TakeStatus.SUCCEEDED, TakeStatus.FAILED]
    query = (
        sa.select(TAKES)
        .where(
            TAKES.c.workspace == workspace,
            sa.or_(TAKES.c.model == LOCAL, TAKES.c.id.in_(sa.select(HOSTED_COMPOSITES.c.take))),
            TAKES.c.status.in_(ended),
        )
        .order_by(TAKES.c.id.desc())
        .limit(most)
    )
    if since is not None:
        query = query.where(TAKES.c.created_at >= since)
    return [take_of(row) for row in (await connection.execute(query)).mappings()]


def _fared(takes: Sequence[Take]) -> Fared:
    """Count takes up."""
    ours = [take for take in takes if take.model == LOCAL]
    reasons = Counter(reason for take in ours if (reason := _reason(take)))
    return Fared(
        _tally([take for take in takes if take.model != LOCAL]),
        _tally(ours),
        sum(_was_meant_to_be_hosted(take) for take in ours),
        dict(reasons.most_common(50)),
        sum((take.charged for take in takes), Money()),
    )


def _was_meant_to_be_hosted(take: Take) -> bool:
    return bool(take.inputs.get("answered") or take.inputs.get("fell_back"))


def _reason(take: Take) -> str:
    """Say by a code why a composite is local though it was to be hosted; "" if it is not."""
    if said := str(take.inputs.get("fell_back") or ""):
        return said.partition(":")[0][:_KEY_CHARS]
    return "answer_refused" if (take.note or "").startswith(_REFUSED) else ""


def _tally(takes: Sequence[Take]) -> Tally:
    times = tuple(
        (take.times.finished_at - take.times.ordered_at).total_seconds()
        for take in takes
        if take.times.finished_at and take.times.ordered_at
    )
    succeeded = sum(take.status is TakeStatus.SUCCEEDED for take in takes)
    return Tally(len(takes), succeeded, times)
