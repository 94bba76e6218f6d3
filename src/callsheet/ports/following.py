"""What some hosted providers offer, beside ports.hosted, to those who follow many orders."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Never, Protocol, runtime_checkable

from callsheet.ports.keys import ProviderKey


@runtime_checkable
class SurveyableProvider(Protocol):
    """A provider that tells of many orders in one answer, beside all of HostedProvider."""

    name: str

    async def at_work(self, since: datetime, until: datetime, key: ProviderKey) -> Collection[str]:
        """List tickets of orders that were made then and are not done, as many as it likes to tell.

        What is missing is done, or was made at another time by its clock: it is to be polled.
        Raises as `poll`.
        """


@runtime_checkable
class AudibleProvider(Protocol):
    """A provider that says on an open line when an order has ended, beside all of HostedProvider.

    What it says is only a reason to look: much of it may be lost, false, late or said twice.
    """

    name: str

    async def listen(self, opened: Callable[[], None], ended: Callable[[str], None]) -> Never:
        """Hear of the orders that this very object submits, until the line breaks.

        Calls `opened` once it hears, and `ended` with the ticket of each order that has ended; what
        ended before `opened` may be missed. Neither may take long. Raises BusyError.
        """
