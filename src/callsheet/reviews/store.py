"""Comments in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.tables import JOBS
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId
from callsheet.ports.database import METADATA, Row, UtcTime
from callsheet.reviews.errors import CommentNotFoundError
from callsheet.reviews.model import Author, Comment, NewComment, spot_document, spot_of

COMMENTS: Final = sa.Table(
    "comments",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("job", sa.ForeignKey(JOBS.c.id, ondelete="CASCADE"), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("op_id", sa.Text, nullable=False),
    sa.Column("take", sa.Text),
    sa.Column("row", sa.BigInteger),
    sa.Column("asset", sa.Text),
    sa.Column("parent", sa.Text),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("spot", sa.JSON, nullable=False),
    sa.Column("mentions", sa.JSON, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("resolved_by", sa.Text),
    sa.Column("resolved_at", UtcTime),
    sa.Index("uq_comments_op_id", "job", "op_id", unique=True),
    sa.Index("ix_comments_sequence", "job", "sequence"),
)


class CommentStore:
    """Reads and writes comments; every method works in the caller's transaction."""

    async def add(self, connection: AsyncConnection, comments: Iterable[Comment]) -> None:
        """Write comments."""
        rows = [row_of(comment) for comment in comments]
        if rows:
            await connection.execute(sa.insert(COMMENTS), rows)

    async def by_op(self, connection: AsyncConnection, job: JobId, op_id: str) -> Comment | None:
        """Read the comment that an operation made, or None."""
        query = sa.select(COMMENTS).where(COMMENTS.c.job == job, COMMENTS.c.op_id == op_id)
        row = (await connection.execute(query)).mappings().first()
        return None if row is None else comment_of(row)

    async def find(self, connection: AsyncConnection, job: JobId, comment: str) -> Comment:
        """Read a comment. Raises CommentNotFoundError."""
        query = sa.select(COMMENTS).where(COMMENTS.c.job == job, COMMENTS.c.id == comment)
        row = (await connection.execute(query)).mappings().first()
        if row is None:
            raise CommentNotFoundError(comment)
        return comment_of(row)

    async def count(self, connection: AsyncConnection, job: JobId) -> int:
        """Count the comments on a job."""
        query = sa.select(sa.func.count()).where(COMMENTS.c.job == job)
        return int((await connection.execute(query)).scalar_one())

    async def page(
        self,
        connection: AsyncConnection,
        job: JobId,
        after: int,
        limit: int,
        *,
        asset: Sha256 | None = None,
        is_open: bool | None = None,
    ) -> Sequence[Comment]:
        """Read comments after a place in the journal, in order.

        With `asset` those on that file; with `is_open` those that are not resolved, or are.
        """
        query = sa.select(COMMENTS).where(COMMENTS.c.job == job, COMMENTS.c.sequence > after)
        if asset is not None:
            query = query.where(COMMENTS.c.asset == asset)
        if is_open is not None:
            resolved = COMMENTS.c.resolved_at
            query = query.where(resolved.is_(None) if is_open else resolved.is_not(None))
        query = query.order_by(COMMENTS.c.sequence).limit(limit)
        return [comment_of(row) for row in (await connection.execute(query)).mappings()]

    async def resolve(
        self, connection: AsyncConnection, comment: str, by: str | None, at: datetime | None
    ) -> None:
        """Mark a comment as resolved by somebody, or as open again with None."""
        where = COMMENTS.c.id == comment
        change = sa.update(COMMENTS).where(where).values(resolved_by=by, resolved_at=at)
        await connection.execute(change)


def comment_of(row: Row) -> Comment:
    """Read a comment from its row."""
    said = NewComment(
        op_id=row["op_id"],
        text=row["text"],
        take=TakeId(row["take"]) if row["take"] else None,
        asset=Sha256(row["asset"]) if row["asset"] else None,
        parent=row["parent"],
        spot=spot_of(row["spot"]),
        mentions=tuple(row["mentions"]),
    )
    return Comment(
        id=row["id"],
        job=JobId(row["job"]),
        sequence=row["sequence"],
        said=said,
        row=row["row"],
        author=Author(row["by"], row["author"]),
        at=row["at"],
        resolved_by=row["resolved_by"],
        resolved_at=row["resolved_at"],
    )


def row_of(comment: Comment) -> dict[str, Any]:
    """Write a comment as its row."""
    said = comment.said
    return {
        "id": comment.id,
        "job": comment.job,
        "sequence": comment.sequence,
        "op_id": said.op_id,
        "take": said.take,
        "row": comment.row,
        "asset": said.asset,
        "parent": said.parent,
        "text": said.text,
        "spot": spot_document(said.spot),
        "mentions": list(said.mentions),
        "by": comment.author.id,
        "author": comment.author.name,
        "at": comment.at,
        "resolved_by": comment.resolved_by,
        "resolved_at": comment.resolved_at,
    }
