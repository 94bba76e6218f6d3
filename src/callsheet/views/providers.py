"""How hosted providers stand to us: for health checks, and for people who operate."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.providers import SWITCHED_OFF, Door, DoorStore
from callsheet.ports.hosted import HostedProvider
from callsheet.takes.store import TakeStore

WINDOW: Final = timedelta(hours=1)
_FAILING: Final = 0.5
_ENOUGH: Final = 10  # orders below which a rate says nothing
SICK: Final = frozenset({"shut", "failing"})


async def provider_standings(
    connection: AsyncConnection,
    hosted: Mapping[str, HostedProvider],
    doors: DoorStore,
    takes: TakeStore,
    now: datetime,
) -> dict[str, dict[str, Any]]:
    """Tell of each provider whether orders go there, why not, and how those of an hour ended.

    `status` is `ok`, `no_key`, `off` (an operator's switch), `shut` (it takes no order of ours
    until a person acts), `resting` (it asked for a pause) or `failing` (most orders end badly).
    """
    known = await doors.all(connection)
    ended = await takes.ended_since(connection, now - WINDOW)
    return {
        name: _standing(provider, known.get(name, Door(name)), ended.get(name, (0, 0)), now)
        for name, provider in hosted.items()
    }


def _standing(
    provider: HostedProvider, door: Door, ended: tuple[int, int], now: datetime
) -> dict[str, Any]:
    succeeded, total = ended
    rate = succeeded / total if total else None
    status, reason = "ok", ""
    if door.code == SWITCHED_OFF:
        status, reason = "off", door.reason
    elif not provider.key_print:
        status, reason = "no_key", f"set {provider.key_setting}"
    elif door.is_shut(provider.key_print):
        status, reason = "shut", door.reason
    elif door.resting_until > now.timestamp():
        status, reason = "resting", f"for {door.resting_until - now.timestamp():.0f} s more"
    elif rate is not None and total >= _ENOUGH and rate < _FAILING:
        status, reason = "failing", f"{total - succeeded} of {total} orders of the last hour failed"
    return {
        "status": status,
        "reason": reason,
        "success_rate": None if rate is None else round(rate, 4),
        "ended_last_hour": total,
    }
