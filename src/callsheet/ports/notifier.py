"""Notifications: tell of what was written, so that nobody has to look all the time.

It may be missed: what is written is the truth, and whoever listens also looks now and then.
"""

from collections.abc import Callable, Collection
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import JobId


class Notifier(Protocol):
    """Tells whoever watches a job that its journal has grown.

    Called inside a transaction, heard after its commit, in every process.
    """

    async def notify(self, connection: AsyncConnection, job: JobId) -> None:
        """Announce that this transaction writes to the job's journal."""

    async def notify_all(self, connection: AsyncConnection, jobs: Collection[JobId]) -> None:
        """Announce that this transaction writes to the journals of several jobs."""

    async def wait(self, job: JobId, seen: int, timeout_s: float) -> bool:
        """Wait until the job's sequence is above `seen`; False after the time is up."""


class Whispers(Protocol):
    """Passes on what is worth nothing a moment later: who is there, and where they point."""

    async def whisper(self, text: str) -> None:
        """Tell every process, this one included, where that is possible; at most 7,900 bytes."""

    def on_whisper(self, heard: Callable[[str], None]) -> None:
        """Have `heard` called, on the event loop, with what processes tell."""


class WorkNotifier(Protocol):
    """Tells the engine that there is work for it.

    Called inside a transaction, heard after its commit: on PostgreSQL in every process, on SQLite
    in this one.
    """

    async def notify_work(self, connection: AsyncConnection) -> None:
        """Announce that this transaction leaves work for the engine."""

    def on_work(self, heard: Callable[[], None]) -> None:
        """Have `heard` called, on the event loop, whenever there may be work."""
