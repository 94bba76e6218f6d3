"""The durable engine as the line sees it: named work, written down before it is done."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

Payload = Mapping[str, Any]
Work = Callable[[Payload], Awaitable[None]]


class WorkQueue(Protocol):
    """Accepts work for any worker. Whatever is accepted is run to its end, at least once."""

    async def enqueue(
        self,
        connection: AsyncConnection,
        work: str,
        work_id: str,
        payload: Payload,
        *,
        rank: int = 0,
    ) -> None:
        """Write down work in the caller's transaction; the same `work_id` is accepted once.

        Work of lower rank goes first: with its chunks ranked 1, 2, 3 …, a huge job leaves room
        for a small one that comes later.
        """


Loop = Callable[[], Awaitable[None]]  # runs until it is cancelled


class Shutdown(Protocol):
    """What a process was told about its end."""

    @property
    def asked(self) -> asyncio.Event:
        """Set once the process is told to stop: nothing new begins."""

    async def wait_for(self, running: Callable[[], Collection[asyncio.Task[Any]]]) -> None:
        """Wait until nothing is running any more, or there is no time left for it."""
