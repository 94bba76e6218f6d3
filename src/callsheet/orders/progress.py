"""What ordering tells the owner of jobs, and what it may ask of it: no more is known of jobs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.errors import CallsheetError
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId
from callsheet.ports.models import ProviderError
from callsheet.takes.model import Take, TakeStatus

Problem = Mapping[str, Any]  # {code, message}, and {provider} where one is not reached


@dataclass(frozen=True, slots=True)
class LockedJob:
    """A job that this transaction has locked, as far as ordering must know it.

    `wants_orders` tells whether orders for its takes may go out now. `owners` is for its owner.
    """

    id: JobId
    workspace: WorkspaceId
    wants_orders: bool
    cancelled: bool
    owners: object


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that people must be able to read beside the job: its kind, and the facts."""

    kind: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class Moves:
    """What a transaction did to a job's takes, told to the job in one go; money in micro-dollars.

    `moves` are (take as it was, its new state); a take whose state stays is told of, too.
    """

    moves: list[tuple[Take, TakeStatus]] = field(default_factory=list)
    held: int = 0
    charged: int = 0
    incidents: list[Incident] = field(default_factory=list)

    def add(self, take: Take, to: TakeStatus) -> None:
        """Count one take's move."""
        self.moves.append((take, to))


@dataclass(frozen=True, slots=True)
class Admission:
    """What the owner of a job says of takes that are about to be ordered, all others may be.

    Those `refused` end so, with nothing spent; `later` ones wait for a place, as for a provider's.
    """

    refused: Mapping[TakeId, ProviderError] = field(default_factory=dict)
    later: frozenset[TakeId] = frozenset()


class JobProgress(Protocol):
    """The owner of jobs. Every method but the last two works in the caller's transaction."""

    async def lock(self, connection: AsyncConnection, job: JobId) -> LockedJob:
        """Lock a job: before any row of its takes, by everybody, so that nobody waits in a ring."""

    async def admit(
        self, connection: AsyncConnection, job: LockedJob, takes: Sequence[Take]
    ) -> Admission:
        """Say which takes of a locked job may be ordered now, where limits of its own bind it.

        Asked under the lock of their provider, in the transaction that writes the orders down.
        """

    async def not_waiting(
        self, connection: AsyncConnection, job: LockedJob, provider: str
    ) -> tuple[Sequence[Take], bool]:
        """List takes of a locked job that end where a provider takes no order, rather than wait.

        And tell whether others of the job wait for it.
        """

    async def report(
        self,
        connection: AsyncConnection,
        job: LockedJob,
        moves: Moves,
        waits: Problem | None = None,
    ) -> None:
        """Bring a locked job up to date with what was done to its takes.

        With `waits` it is paused, and says why, until a person resumes it.
        """

    async def note(self, connection: AsyncConnection, job: LockedJob, incident: Incident) -> None:
        """Write something beside a locked job, which goes on as it does."""

    async def noted(
        self, connection: AsyncConnection, job: JobId, kind: str, key: str, value: str
    ) -> bool:
        """Tell whether an incident of this kind with this fact was written beside a job."""

    async def wait(
        self, connection: AsyncConnection, job: LockedJob, problem: Problem, *, paused: bool
    ) -> None:
        """Let a locked job say that it waits, and why; `paused` until a person resumes it.

        A job that is paused or ended stays as it is, and so does one that says so already.
        """

    async def find(self, connection: AsyncConnection, workspace: WorkspaceId, job: str) -> JobId:
        """Find a workspace's job. Raises JobNotFoundError."""

    async def reached(self, provider: str) -> None:
        """Let jobs run on that waited because this provider was not reached."""

    async def troubled(self, job: JobId, problem: CallsheetError) -> None:
        """Let a job say why nothing of it goes on; once, until that changes."""
