"""What people decide about takes: approve, reject, override; and what of it still holds."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.intake.fields import cleaned_text
from callsheet.jobs.content import content_digest
from callsheet.jobs.decisions import Choice, Decision, DecisionStore
from callsheet.jobs.model import Change, Entry, Job, Shot
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import ConflictError, FieldError, InvalidInputError
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId, new_id
from callsheet.ports.database import Database
from callsheet.ports.notifier import Notifier
from callsheet.takes.model import Take
from callsheet.takes.store import TakeStore

MOST_REASON_CHARS: Final = 2_000


class DecisionOutdatedError(ConflictError):
    """What was decided about is not what there is now; nothing was written."""

    code = "decision_outdated"

    def __init__(self, take: str, *, asset: Sha256 | None, content: Sha256 | None) -> None:
        super().__init__(
            f"take {take} is not what you saw: its file is {asset}, and what its shot is to show"
            f" {content}; look at it again, then decide"
        )
        self.asset, self.content = asset, content


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and whether it is stale: the shot is to show something else now."""

    decision: Decision
    stale: bool


@dataclass(frozen=True, slots=True)
class Decisions:
    """Verbs on decisions; each is one transaction and safe to repeat."""

    database: Database
    jobs: JobStore
    takes: TakeStore
    store: DecisionStore
    notifier: Notifier
    clock: Callable[[], datetime]

    async def decide(
        self,
        workspace: WorkspaceId,
        take_id: str,
        choice: Choice,
        *,
        asset: Sha256,
        content: Sha256,
        reason: str,
        by: str,
    ) -> Decision:
        """Write down what somebody decided about the bytes and the content that they saw.

        Said again it is the same decision. Raises TakeNotFoundError, DecisionOutdatedError if the
        take made another file, or its shot is to show something else than it was made for,
        InvalidInputError for a rejection without a reason.
        """
        reason = _read_reason(choice, reason)
        async with self.database.begin() as connection:
            found = await self.takes.find(connection, workspace, take_id)
            job = await self.jobs.lock(connection, found.job)
            take = await self.takes.find(connection, workspace, take_id)
            [now_shown] = (await self.contents(connection, job.id, {take.row})).values()
            if take.asset != asset or take.digests.content != content or now_shown != content:
                raise DecisionOutdatedError(take.id, asset=take.asset, content=now_shown)
            new = Decision(
                id=new_id("dc"),
                job=job.id,
                take=take.id,
                choice=choice,
                asset=asset,
                content=content,
                reason=reason,
                by=by,
                at=self.clock(),
            )
            before = await self.store.of_takes(connection, [take.id])
            if before and new.repeats(before[-1]):
                return before[-1]
            await self._write(connection, job, take, new)
        return new

    async def _write(
        self, connection: AsyncConnection, job: Job, take: Take, new: Decision
    ) -> None:
        await self.store.add(connection, [new])
        told = {
            "take": take.id,
            "row": take.row,
            "decision": new.choice,
            "sha256": new.asset,
            "content_digest": new.content,
            "reason": new.reason,
            "by": new.by,
        }
        await self.jobs.change(connection, job, Change(), [Entry("decision", told)], new.at)
        await self.notifier.notify(connection, job.id)

    async def of_job(self, workspace: WorkspaceId, job_id: str) -> list[Decided]:
        """Read every decision about a job's takes, in order. Raises JobNotFoundError."""
        async with self.database.read() as connection:
            job = await self.jobs.find(connection, workspace, job_id)
            decisions = await self.store.of_job(connection, job.id)
            return await self._standing(connection, job.id, decisions)

    async def of_take(self, workspace: WorkspaceId, take_id: str) -> list[Decided]:
        """Read every decision about a take, in order. Raises TakeNotFoundError."""
        async with self.database.read() as connection:
            take = await self.takes.find(connection, workspace, take_id)
            decisions = await self.store.of_takes(connection, [take.id])
            return await self._standing(connection, take.job, decisions)

    async def _standing(
        self, connection: AsyncConnection, job: JobId, decisions: Collection[Decision]
    ) -> list[Decided]:
        rows = await self.takes.rows_of(connection, [each.take for each in decisions])
        contents = await self.contents(connection, job, set(rows.values()))
        return [
            Decided(each, each.is_stale(contents[rows[TakeId(each.take)]])) for each in decisions
        ]

    async def contents(
        self, connection: AsyncConnection, job: JobId, rows: Collection[int]
    ) -> dict[int, Sha256]:
        """Digest what some shots of a job are to show now, by row."""
        shots = {shot.row: shot for shot in await self.jobs.shots_of(connection, job, rows)}
        named = {row for shot in shots.values() for row in shot.plan.depends_on}
        others = await self.jobs.shots_of(connection, job, named - shots.keys())
        known: dict[int, Shot] = shots | {shot.row: shot for shot in others}
        return {
            row: content_digest(shot, [known[each] for each in shot.plan.depends_on])
            for row, shot in shots.items()
        }


def _read_reason(choice: Choice, reason: str) -> str:
    text = cleaned_text(reason).text if len(reason) <= MOST_REASON_CHARS else ""
    if len(reason) > MOST_REASON_CHARS or (choice is not Choice.APPROVE and not text):
        message = f"say why, in at most {MOST_REASON_CHARS} characters"
        raise InvalidInputError(f"reason: {message}", [FieldError("reason", message)])
    return text
