"""The bell: tells whoever watches that a journal has grown. The sequence is the truth."""

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.ids import JobId


class Bell(Protocol):
    """Rung inside a transaction, heard after its commit, in every process."""

    async def ring(self, connection: AsyncConnection, job: JobId) -> None:
        """Announce that this transaction writes to the job's journal."""

    async def wait(self, job: JobId, seen: int, timeout_s: float) -> bool:
        """Wait until the job's sequence is above `seen`; False after the time is up."""
