"""How hosted providers stand to us: for health checks, for people who operate, and who wait."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.accounts.key_ring import KeyKeeper
from callsheet.controls.availability import (
    SWITCHED_OFF,
    Availabilities,
    AvailabilityStore,
    availability_of,
)
from callsheet.jobs.model import Job
from callsheet.kernel.ids import WorkspaceId
from callsheet.ports.database import Database
from callsheet.ports.hosted import HostedProvider
from callsheet.takes.limits import Full, full
from callsheet.takes.model import ENDED, Take
from callsheet.takes.store import TakeStore

WINDOW: Final = timedelta(hours=1)
_FAILING: Final = 0.5
_ENOUGH: Final = 10  # orders below which a rate says nothing
SICK: Final = frozenset({"shut", "failing"})
_KEEPS_FROM_ASKING: Final = frozenset({"no_key", "shut"})
_KEEPS_FROM_ORDERING: Final = _KEEPS_FROM_ASKING | {"off", "resting", "full"}


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a provider takes no order now, and until when."""

    provider: str
    status: str
    reason: str

    @property
    def keeps_from_asking(self) -> bool:
        """Tell whether what is out there cannot be asked about either."""
        return self.status in _KEEPS_FROM_ASKING

    def __str__(self) -> str:
        """Say it in half a sentence; what changes with time comes after a semicolon."""
        how = "has no key" if self.status == "no_key" else f"is {self.status}"
        return f"{self.provider} {how}: {self.reason}"


@dataclass(frozen=True, slots=True)
class ProviderView:
    """Tells how providers stand."""

    database: Database
    hosted: Mapping[str, HostedProvider]
    store: AvailabilityStore
    takes: TakeStore
    keys: KeyKeeper
    clock: Callable[[], datetime]

    async def standings(self, workspace: WorkspaceId) -> dict[str, dict[str, Any]]:
        """Tell of each provider whether orders go there, why not, and how those of an hour ended.

        `status` is `ok`, `no_key`, `off` (an operator's switch), `shut` (it takes no order of ours
        until a person acts), `resting` (it asked for a pause), `full` (as many orders as its limits
        allow) or `failing` (most orders end badly).
        """
        prints = await self.keys.prints(workspace)
        async with self.database.read() as connection:
            ended = await self.takes.ended_since(connection, self.clock() - WINDOW)
            statuses = await self._statuses(connection, prints, self.hosted)
        return {
            name: _standing(status, reason, ended.get(name, (0, 0)))
            for name, (status, reason) in statuses.items()
        }

    async def hindrances(
        self, workspace: WorkspaceId, providers: Collection[str]
    ) -> dict[str, Hindrance]:
        """Say of those of some providers that take no order now why not, and until when."""
        names = sorted(self.hosted.keys() & set(providers))
        if not names:
            return {}
        prints = await self.keys.prints(workspace)
        async with self.database.read() as connection:
            statuses = await self._statuses(connection, prints, names)
        return {
            name: Hindrance(name, status, reason)
            for name, (status, reason) in statuses.items()
            if status in _KEEPS_FROM_ORDERING
        }

    async def hindering(self, job: Job) -> list[Hindrance]:
        """Say what keeps takes of a job at work from being ordered, or asked about."""
        if not job.tally.takes.open or job.work.paused:
            return []
        async with self.database.read() as connection:
            providers = await self.takes.providers_of(connection, job.id)
        found = await self.hindrances(job.workspace, providers)
        return [each for each in found.values() if job.tally.takes.queued or each.keeps_from_asking]

    async def _statuses(
        self,
        connection: AsyncConnection,
        prints: Mapping[str, Mapping[str, str]],
        names: Iterable[str],
    ) -> dict[str, tuple[str, str]]:
        now = self.clock()
        availabilities = await self.store.all(connection)
        statuses: dict[str, tuple[str, str]] = {}
        for name in names:
            provider = self.hosted[name]
            statuses[name] = _status_of(provider, availabilities, prints.get(name, {}), now)
            if statuses[name][0] == "ok":
                reached = await full(connection, name, provider.pace, now)
                statuses[name] = ("full", _full_reason(reached)) if reached else statuses[name]
        return statuses


def waited_for(takes: Iterable[Take]) -> set[str]:
    """Name the providers that takes wait for, to be ordered or made, unless they rest."""
    return {
        take.provider
        for take in takes
        if take.status not in ENDED and take.flight.due_at is not None
    }


def _status_of(
    provider: HostedProvider,
    availabilities: Availabilities,
    prints: Mapping[str, str],
    now: datetime,
) -> tuple[str, str]:
    availability = availability_of(availabilities, provider.name)
    keys = [availability_of(availabilities, provider.name, key) for key in prints.values()]
    if availability.code == SWITCHED_OFF:
        return "off", availability.reason
    if provider.key_setting and not prints:
        return "no_key", f"callsheet keys set {provider.name}"
    if shut := [each for each in keys if each.is_shut]:
        return "shut", shut[0].reason.removeprefix(f"{provider.name}: ")
    if availability.resting_until > now.timestamp():
        seconds = availability.resting_until - now.timestamp()
        return "resting", f"it asked for a pause; orders go on in {seconds:.0f} s"
    return "ok", ""


def _full_reason(reached: Full) -> str:
    if reached.until is None:
        return f"its limit is {reached.most} orders at a time"
    return (
        f"its limit is {reached.most} orders per {reached.window};"
        f" the next goes at {reached.until:%Y-%m-%d %H:%M:%S} UTC"
    )


def _standing(status: str, reason: str, ended: tuple[int, int]) -> dict[str, Any]:
    succeeded, total = ended
    rate = succeeded / total if total else None
    failing = rate is not None and total >= _ENOUGH and rate < _FAILING
    if failing and status in ("ok", "full"):
        status, reason = "failing", f"{total - succeeded} of {total} orders of the last hour failed"
    return {
        "status": status,
        "reason": reason,
        "success_rate": None if rate is None else round(rate, 4),
        "ended_last_hour": total,
    }
