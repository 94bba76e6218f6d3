"""How many orders a provider's limits allow, and until when they allow none."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.rooms import NOW, a_job, a_take, opened

from callsheet.database.connections import SqlDatabase
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import sha256_of
from callsheet.ports.hosted import Pace
from callsheet.takes.limits import Full, full, room
from callsheet.takes.model import TakeStatus
from callsheet.takes.store import TakeStore

S = TakeStatus
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# when orders went to `here` before now, and where they stand
ORDERS = (
    (timedelta(seconds=10), S.RUNNING),
    (timedelta(seconds=50), S.SUCCEEDED),
    (timedelta(seconds=60), S.IN_DOUBT),  # a minute is over when it is over
    (timedelta(minutes=30), S.FAILED),
    (timedelta(hours=5), S.ORDERED),
)


async def fill(database: SqlDatabase) -> None:
    """Write those orders down, and as many more that must not count."""
    job = a_job()
    sent: dict[str, Any] = {"provider": "here", "order_digest": sha256_of(b"order")}
    takes = [
        a_take(job, row, status=status, ordered_at=NOW - before, **sent)
        for row, (before, status) in enumerate(ORDERS, start=1)
    ]
    elsewhere = [
        a_take(job, 10, status=S.RUNNING, ordered_at=NOW, **{**sent, "provider": "there"}),
        a_take(job, 11, status=S.QUOTED, provider="here"),
        # given back unsent: the time of its claim is left, and what was to be sent is not
        a_take(job, 12, status=S.HELD, provider="here", ordered_at=NOW),
    ]
    async with database.begin() as connection:
        await JobStore().add(connection, job)
        await TakeStore().add(connection, [*takes, *elsewhere])


@pytest.mark.parametrize(
    ("pace", "free"),
    [
        (Pace(), 9),
        (Pace(concurrent=3), 0),
        (Pace(concurrent=2), 0),  # lowered while three are out
        (Pace(concurrent=5), 2),
        (Pace(per_minute=3), 1),
        (Pace(per_hour=5), 1),
        (Pace(per_day=6), 1),
        (Pace(concurrent=5, per_minute=3, per_hour=9, per_day=50), 1),
        (Pace(per_minute=100, per_hour=4, per_day=100), 0),
    ],
)
async def test_room_is_what_the_tightest_limit_leaves(
    database_url: str, pace: Pace, free: int
) -> None:
    """Orders out, and those of the last minute, hour and day, each against its own limit."""
    async with opened(database_url) as database:
        await fill(database)
        async with database.read() as connection:
            assert await room(connection, "here", pace, 9, NOW) == free
            assert await room(connection, "nowhere", pace, 9, NOW) > 0
            reached = await full(connection, "here", pace, NOW)
            assert (reached is not None) == (free == 0)
            if reached and reached.until:
                just_before = reached.until - timedelta(microseconds=1)
                assert await room(connection, "here", pace, 9, just_before) == 0
                assert await room(connection, "here", pace, 9, reached.until) > 0


@pytest.mark.parametrize(
    ("pace", "reached"),
    [
        (Pace(concurrent=3), Full(3)),
        (Pace(per_minute=2), Full(2, "minute", NOW + MINUTE - timedelta(seconds=50))),
        (Pace(per_minute=1), Full(1, "minute", NOW + MINUTE - timedelta(seconds=10))),
        (Pace(per_hour=4), Full(4, "hour", NOW + HOUR - timedelta(minutes=30))),
        (Pace(per_day=5), Full(5, "day", NOW + DAY - timedelta(hours=5))),
        # the one that keeps orders back for the longest is told
        (
            Pace(concurrent=1, per_minute=2, per_day=5),
            Full(5, "day", NOW + DAY - timedelta(hours=5)),
        ),
    ],
)
async def test_limit_that_is_reached_is_told_with_its_end(
    database_url: str, pace: Pace, reached: Full
) -> None:
    """Until its window has let go of one order more than it may hold."""
    async with opened(database_url) as database:
        await fill(database)
        async with database.read() as connection:
            assert await full(connection, "here", pace, NOW) == reached
            assert await full(connection, "nowhere", pace, NOW) is None
