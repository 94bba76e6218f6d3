"""Verbs on comments: say, answer, resolve, read."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.assets.store import AssetStore
from callsheet.intake.fields import cleaned_text
from callsheet.jobs.model import Change, Entry, Job
from callsheet.jobs.store import JobStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.errors import FieldError, InvalidInputError
from callsheet.kernel.ids import WorkspaceId, new_id
from callsheet.kernel.logs import event
from callsheet.ports.database import Database
from callsheet.ports.notifier import Notifier
from callsheet.reviews.errors import CommentReusedError, TooManyCommentsError
from callsheet.reviews.model import MOST_COMMENTS, MOST_TEXT, Author, Comment, NewComment
from callsheet.reviews.store import CommentStore
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.store import TakeStore

_LOG = logging.getLogger("callsheet.reviews")


@dataclass(frozen=True, slots=True)
class Reviews:
    """Writes down what people say; each verb is one transaction and safe to repeat."""

    database: Database
    jobs: JobStore
    takes: TakeStore
    assets: AssetStore
    notifier: Notifier
    clock: Callable[[], datetime]
    store: CommentStore = field(default_factory=CommentStore)

    async def comment(
        self, workspace: WorkspaceId, job_id: str, new: NewComment, author: Author
    ) -> Comment:
        """Write down a comment; said again under its operation id, it is the same one.

        A comment on a take is on the file that the take made, unless another is named. Raises
        JobNotFoundError, TakeNotFoundError, AssetNotFoundError, CommentNotFoundError for a parent
        that is not there, InvalidInputError, CommentReusedError, TooManyCommentsError.
        """
        new = replace(new, text=_read_text(new))
        async with self.database.begin() as connection:
            found = await self.jobs.find(connection, workspace, job_id)
            job = await self.jobs.lock(connection, found.id)
            known = await self.store.by_op(connection, job.id, new.op_id)
            new, row = await self._placed(connection, job, new)
            if known is not None:
                if known.said != new or known.author.id != author.id:
                    raise CommentReusedError(new.op_id)
                return known
            if await self.store.count(connection, job.id) >= MOST_COMMENTS:
                raise TooManyCommentsError(job.id, MOST_COMMENTS)
            comment = Comment(
                id=new_id("cm"),
                job=job.id,
                sequence=job.work.sequence + 1,
                said=new,
                row=row,
                author=author,
                at=self.clock(),
            )
            await self.store.add(connection, [comment])
            await self._record(connection, job, Entry("comment", comment.document()))
        _LOG.info("comment.added", extra=event(job=job.id, comment=comment.id, by=author.id))
        return comment

    async def _placed(
        self, connection: AsyncConnection, job: Job, new: NewComment
    ) -> tuple[NewComment, int | None]:
        """Check that what it is about is of this job; its row, where there is one."""
        row = None
        if new.parent is not None:
            parent = await self.store.find(connection, job.id, new.parent)
            if new.take is None and new.asset is None:  # an answer is about what it answers
                new = replace(new, take=parent.said.take, asset=parent.said.asset)
        if new.take is not None:
            take = await self.takes.find(connection, job.workspace, new.take)
            if take.job != job.id:
                raise TakeNotFoundError(new.take)
            row = take.row
            new = new if new.asset is not None else replace(new, asset=take.asset)
        if new.asset is not None:
            await self.assets.find(connection, job.workspace, new.asset)
        return new, row

    async def resolve(
        self, workspace: WorkspaceId, job_id: str, comment_id: str, by: str, *, resolved: bool
    ) -> Comment:
        """Mark a comment as resolved, or as open again; what is so already stays as it is.

        Raises JobNotFoundError, CommentNotFoundError.
        """
        async with self.database.begin() as connection:
            found = await self.jobs.find(connection, workspace, job_id)
            job = await self.jobs.lock(connection, found.id)
            comment = await self.store.find(connection, job.id, comment_id)
            if (comment.resolved_at is not None) == resolved:
                return comment
            at = self.clock() if resolved else None
            comment = comment.resolve(by if resolved else None, at)
            await self.store.resolve(connection, comment.id, comment.resolved_by, at)
            await self._record(connection, job, Entry("comment_resolved", comment.document()))
        return comment

    async def _record(self, connection: AsyncConnection, job: Job, entry: Entry) -> None:
        await self.jobs.change(connection, job, Change(), [entry], self.clock())
        await self.notifier.notify(connection, job.id)

    async def comments(
        self,
        workspace: WorkspaceId,
        job_id: str,
        *,
        after: int = 0,
        limit: int = 200,
        asset: Sha256 | None = None,
        is_open: bool | None = None,
    ) -> Sequence[Comment]:
        """Read comments on a job after a place in its journal, in order. Raises JobNotFoundError.

        With `asset` those on that file; with `is_open` those that are not resolved, or are.
        """
        async with self.database.read() as connection:
            job = await self.jobs.find(connection, workspace, job_id)
            return await self.store.page(
                connection, job.id, after, limit, asset=asset, is_open=is_open
            )


def _read_text(new: NewComment) -> str:
    text = cleaned_text(new.text).text if len(new.text) <= MOST_TEXT else ""
    if not text and (new.text or not new.spot.drawing):  # a drawing may speak for itself
        message = f"say something, in at most {MOST_TEXT} characters, or draw"
        raise InvalidInputError(f"text: {message}", [FieldError("text", message)])
    return text
