"""Setting aside: a take whose row is damaged is reported and put off, and all others go on."""

import logging
from typing import ClassVar, Final

from callsheet.kernel.errors import CallsheetError
from callsheet.kernel.ids import TakeId
from callsheet.kernel.logs import event
from callsheet.orders.context import OrderContext
from callsheet.takes.schedule import backoff_s
from callsheet.takes.unreadable import find_unreadable, put_off

_LOG = logging.getLogger("callsheet.orders")
LOOKS: Final = 5  # before a person is asked
_RARELY_S: Final = 300.0  # how often it is looked at after that: somebody may have mended it


class TakeUnreadableError(CallsheetError):
    """The row of a take in the database is damaged; it is looked at again every five minutes."""

    code: ClassVar[str] = "take_unreadable"

    def __init__(self, take: TakeId) -> None:
        super().__init__(
            f"the row of take {take} in the database is damaged (the log says how); nothing is"
            " ordered, followed or paid for it until it is mended. All other takes go on"
        )


async def set_aside(ctx: OrderContext) -> bool:
    """Put off what is due and cannot be read; tells whether there was anything.

    Raises UnavailableError.
    """
    now = ctx.books.clock().timestamp()
    async with ctx.books.database.read() as connection:
        found = await find_unreadable(connection, now)
    for bad in found:
        said = {"take": bad.take, "job": bad.job, "looks": bad.looks, "reason": bad.reason}
        _LOG.critical("take.unreadable", extra=event(**said))
        for_good = bad.looks >= LOOKS
        due_at = now + (_RARELY_S if for_good else backoff_s(bad.looks))
        async with ctx.books.database.begin(small=True) as connection:
            await put_off(connection, bad, due_at)
        if for_good:
            await ctx.progress.troubled(bad.job, TakeUnreadableError(bad.take))
    return bool(found)
