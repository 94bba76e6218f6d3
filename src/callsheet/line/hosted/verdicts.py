"""What a person decides about a take in doubt, when the provider cannot tell any more."""

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from callsheet.kernel.errors import ConflictError
from callsheet.kernel.ids import TakeId, WorkspaceId
from callsheet.kernel.logs import event
from callsheet.line.endings import Moves, end, failure, write_moves
from callsheet.line.hosted.reconciling import not_ordered
from callsheet.line.house import LOG, House
from callsheet.ports.models import ProviderError
from callsheet.takes.model import TakeStatus


class Verdict(StrEnum):
    """What a person found out."""

    ASK = "ask"  # nothing yet: ask the provider again, now
    SPENT = "spent"  # it was made and paid for; what was made is lost
    NEVER_ORDERED = "never_ordered"  # nothing was ordered: order it now


class TakeDecidedError(ConflictError):
    """It is known what became of this take."""

    code = "not_in_doubt"


class SpentError(ProviderError):
    """A person found that it was paid for and that nothing of it can be had."""

    code = "spent_and_lost"


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Takes decisions about takes in doubt; each is one transaction and safe to repeat."""

    house: House

    async def decide(self, workspace: WorkspaceId, take_id: str, verdict: Verdict, by: str) -> None:
        """Decide about a take. Raises TakeNotFoundError, TakeDecidedError."""
        house = self.house
        async with house.database.read() as connection:
            found = await house.takes.find(connection, workspace, take_id)
        async with house.database.begin(small=True) as connection:
            job = await house.jobs.lock(connection, found.job)
            take = await house.takes.find(connection, workspace, take_id)
            if take.status is not TakeStatus.IN_DOUBT:
                raise TakeDecidedError(f"take {take.id} is {take.status}, not in doubt")
            into = Moves()
            now = house.clock().timestamp()
            match verdict:
                case Verdict.ASK:
                    to = TakeStatus.IN_DOUBT if take.ticket is None else TakeStatus.RUNNING
                    await house.flight.move(connection, take, to, due_at=now, looks=0)
                    into.add(take, to)
                case Verdict.NEVER_ORDERED:
                    await not_ordered(house, connection, job, take, into)
                case Verdict.SPENT:
                    lost = SpentError(take.provider, f"paid for and lost, says {by}")
                    await end(house, connection, job, [failure(take, lost, take.price)], into)
            await write_moves(house, connection, job, into)
        LOG.info("take.decided", extra=event(take=take_id, verdict=verdict, by=by))
        house.wake_orderer.set()
        house.wake_follower.set()

    async def decide_all(
        self, workspace: WorkspaceId, job_id: str, verdict: Verdict, by: str
    ) -> list[TakeId]:
        """Decide alike about every take of a job that is in doubt; which they were."""
        house = self.house
        async with house.database.read() as connection:
            job = await house.jobs.find(connection, workspace, job_id)
            doubtful = await house.flight.in_doubt(connection, job.id)
        for take in doubtful:
            with suppress(TakeDecidedError):  # the provider told meanwhile
                await self.decide(workspace, take, verdict, by)
        return doubtful
