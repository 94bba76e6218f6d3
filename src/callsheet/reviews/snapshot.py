"""Comments in a recovery snapshot."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.jobs.snapshot import RecordKind, Snapshot, row_in, told
from callsheet.kernel.ids import JobId
from callsheet.reviews.store import COMMENTS, CommentStore, comment_of, row_of


async def comments_out(
    connection: AsyncConnection, job: JobId, after: int, limit: int
) -> list[dict[str, Any]]:
    """Write comments after a place in the journal as records; `seq` is in each `row`."""
    page = await CommentStore().page(connection, job, after, limit)
    return [{"kind": RecordKind.COMMENT, "row": told(row_of(comment))} for comment in page]


async def restore_comments(connection: AsyncConnection, snapshot: Snapshot) -> None:
    """Write comments back."""
    records = snapshot.of(RecordKind.COMMENT)
    back = [comment_of(row_in(COMMENTS, record["row"])) for record in records]
    await CommentStore().add(connection, back)
