"""What people decide about takes: approve, reject, override; and what of it still holds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.intake.fields import cleaned_text
from callsheet.jobs.contents import contents_of
from callsheet.jobs.decisions import Choice, Decision, DecisionStore
from callsheet.jobs.errors import OperationReusedError
from callsheet.jobs.model import Entry, Job
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import ConflictError, FieldError, InvalidInputError
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId, new_id
from callsheet.kernel.logs import event
from callsheet.line.context import LOG, Jobs
from callsheet.line.transitions import ask_anew
from callsheet.ports.database import Database
from callsheet.quality.model import Decision as Verdict
from callsheet.quality.verdicts import TakeVerdict, VerdictStore, failed
from callsheet.takes.errors import TakeNotFoundError
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
        self.current = {"sha256": asset, "content_digest": content}


class TakeFailedError(ConflictError):
    """Checks found that the take fails: who approves it all the same must say so, and why."""

    code = "take_failed"

    def __init__(self, take: str, reasons: Sequence[str]) -> None:
        super().__init__(
            f"take {take} failed its checks ({' '.join(reasons)}); to take it all the same, say"
            f" why: callsheet takes approve {take} --override --reason …"
        )
        self.reasons = tuple(reasons)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and whether it is stale: the shot is to show something else now."""

    decision: Decision
    stale: bool


@dataclass(frozen=True, slots=True)
class Decisions:
    """Verbs on decisions; each is one transaction and safe to repeat."""

    database: Database
    jobs: Jobs
    takes: TakeStore
    store: DecisionStore
    verdicts: VerdictStore

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
        op_id: str | None = None,
    ) -> Decision:
        """Write down what somebody decided about the bytes and the content that they saw.

        Said again, or again under its operation id whatever was decided since, it is the same
        decision. A job that waits for it alone goes on. Raises
        TakeNotFoundError, DecisionOutdatedError if the take made another file, or its shot is to
        show something else than it was made for, TakeFailedError where checks found it to fail and
        it is approved without overriding them, InvalidInputError for a rejection or an override
        without a reason, OperationReusedError.
        """
        reason = _read_reason(choice, reason)
        async with self.database.begin() as connection:
            found = await self.takes.find(connection, workspace, take_id)
            if not found.shows_a_shot:  # it asks about others: nothing is decided about it
                raise TakeNotFoundError(take_id)
            job = await self.jobs.store.lock(connection, found.job)
            known = await self.store.by_op(connection, job.id, op_id) if op_id else None
            if op_id and known is not None:
                return _same(known, op_id, found.id, choice, asset)
            take = await self.takes.find(connection, workspace, take_id)
            told = await contents_of(self.jobs.store, connection, job.id, {take.row})
            now_shown = told[take.row]
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
                at=self.jobs.clock(),
                op_id=op_id,
                sequence=job.work.sequence + 1,
            )
            before = await self.store.of_takes(connection, [take.id])
            if before and new.repeats(before[-1]):
                return before[-1]
            if choice is Choice.APPROVE:
                verdicts = await self.verdicts.of_takes(connection, [take.id])
                _insist_not_failed(take.id, verdicts.get(take.id, ()))
            job = await self._write(connection, job, take, new)
            await ask_anew(self.jobs, connection, job, by)
        LOG.info("take.reviewed", extra=event(take=take.id, job=job.id, decision=choice, by=by))
        return new

    async def _write(self, connection: AsyncConnection, job: Job, take: Take, new: Decision) -> Job:
        await self.store.add(connection, [new])
        told = {
            "take": take.id,
            "row": take.row,
            "decision": new.choice,
            "sha256": new.asset,
            "content_digest": new.content,
            "reason": new.reason,
            "by": new.by,
            "op_id": new.op_id,
        }
        return await self.jobs.record(connection, job, [Entry("decision", told)])

    async def of_job(self, workspace: WorkspaceId, job_id: str) -> list[Decided]:
        """Read every decision about a job's takes, in order. Raises JobNotFoundError."""
        async with self.database.read() as connection:
            job = await self.jobs.store.find(connection, workspace, job_id)
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
        contents = await contents_of(self.jobs.store, connection, job, set(rows.values()))
        return [
            Decided(each, each.is_stale(contents[rows[TakeId(each.take)]])) for each in decisions
        ]


def _same(known: Decision, op_id: str, take: TakeId, choice: Choice, asset: Sha256) -> Decision:
    if (known.take, known.choice, known.asset) != (take, choice, asset):
        raise OperationReusedError(op_id)
    return known


def _insist_not_failed(take: TakeId, verdicts: Sequence[TakeVerdict]) -> None:
    seen = [
        observation
        for verdict in verdicts
        if verdict.decision is Verdict.FAIL
        for observation in verdict.observations
    ]
    if failed(verdicts):
        raise TakeFailedError(take, [f"{each.check}: {each.sentence}" for each in seen])


def _read_reason(choice: Choice, reason: str) -> str:
    text = cleaned_text(reason).text if len(reason) <= MOST_REASON_CHARS else ""
    if len(reason) > MOST_REASON_CHARS or (choice is not Choice.APPROVE and not text):
        message = f"say why, in at most {MOST_REASON_CHARS} characters"
        raise InvalidInputError(f"reason: {message}", [FieldError("reason", message)])
    return text
