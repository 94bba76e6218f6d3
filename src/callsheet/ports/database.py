"""The database as rooms see it: one transaction at a time, on SQLite or PostgreSQL.

Each room declares its own tables in its `store`, on the one METADATA, so that foreign keys may
point from room to room (downwards, like imports) and the schema can be checked as a whole.
"""

from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol

from sqlalchemy import DateTime, MetaData, TypeDecorator
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.kernel.errors import UnavailableError

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment. SQLite keeps no zone, so every time goes in as UTC and comes back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002  # the signature is given
        """Tell the moment in UTC."""
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002  # the signature is given
        """Put the zone back; PostgreSQL's session may tell it in another."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class DatabaseUnavailableError(UnavailableError):
    """The database is locked, full, restarting or unreachable; nothing was written."""

    code: ClassVar[str] = "database_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the database does not answer: {reason}")
        self.reason = reason


class Database(Protocol):
    """Where rooms keep their rows."""

    def begin(self, *, small: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a transaction that writes; commits at the end, rolls back on an error.

        None of its statements touches more than some hundred rows if it is `small`: SQLite then
        works where the event loop runs, which takes a fraction of the time.
        Raises DatabaseUnavailableError, also in place of the driver's own errors in the block.
        """

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Borrow a connection that only reads; it never waits for a writer.

        On PostgreSQL each statement sees what was committed before it, as in its transactions.
        """
