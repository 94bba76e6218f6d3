"""How hosted providers stand to us: for health checks, and for people who operate."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.controls.providers import SWITCHED_OFF, Doors, DoorStore, door_of
from callsheet.ports.hosted import HostedProvider
from callsheet.takes.store import TakeStore

WINDOW: Final = timedelta(hours=1)
_FAILING: Final = 0.5
_ENOUGH: Final = 10  # orders below which a rate says nothing
SICK: Final = frozenset({"shut", "failing"})


async def provider_standings(
    connection: AsyncConnection,
    hosted: Mapping[str, HostedProvider],
    prints: Mapping[str, Mapping[str, str]],
    doors: DoorStore,
    takes: TakeStore,
    now: datetime,
) -> dict[str, dict[str, Any]]:
    """Tell of each provider whether orders go there, why not, and how those of an hour ended.

    `prints` are the fingerprints of our keys, by provider and use.

    `status` is `ok`, `no_key`, `off` (an operator's switch), `shut` (it takes no order of ours
    until a person acts), `resting` (it asked for a pause) or `failing` (most orders end badly).
    """
    known = await doors.all(connection)
    ended = await takes.ended_since(connection, now - WINDOW)
    return {
        name: _standing(provider, known, prints.get(name, {}), ended.get(name, (0, 0)), now)
        for name, provider in hosted.items()
    }


def _standing(
    provider: HostedProvider,
    doors: Doors,
    prints: Mapping[str, str],
    ended: tuple[int, int],
    now: datetime,
) -> dict[str, Any]:
    succeeded, total = ended
    rate = succeeded / total if total else None
    status, reason = "ok", ""
    door = door_of(doors, provider.name)
    shut = [
        each
        for each in (door_of(doors, provider.name, key) for key in prints.values())
        if each.is_shut
    ]
    if door.code == SWITCHED_OFF:
        status, reason = "off", door.reason
    elif provider.key_setting and not prints:
        status, reason = "no_key", f"callsheet keys set {provider.name}"
    elif shut:
        status, reason = "shut", shut[0].reason
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
