"""The database as rooms see it: one transaction at a time, on SQLite or PostgreSQL.

Each room declares its own tables in its `store`, on the one METADATA, so that foreign keys may
point from room to room (downwards, like imports) and the schema can be checked as a whole.
"""

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol, Self

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    MetaData,
    RowMapping,
    TypeDecorator,
    bindparam,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from callsheet.kernel.errors import UnavailableError

Row = RowMapping | Mapping[str, Any]  # by the names of columns

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


def bound(column: ColumnElement[Any]) -> BindParameter[Any]:
    """Name the value for a column that each row of a statement for many rows brings: b_<column>."""
    return bindparam(f"b_{column.key}", type_=column.type)


class _Values(TypeDecorator[list[Any]]):
    """Values of one kind, as one parameter."""

    impl = JSON
    cache_ok = True

    def __init__(self, kind: TypeEngine[Any]) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Pass them as an array where there are arrays."""
        array = dialect.name == "postgresql"
        return dialect.type_descriptor(ARRAY(self.kind, dimensions=1) if array else JSON())


class one_of(FunctionElement[bool]):  # noqa: N801  # stands in statements like a function
    """Whether a column holds one of some values.

    Unlike `in_` it reads the same however many values there are, so that what was prepared for one
    statement serves the next.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], values: Collection[Any]) -> None:
        given = bindparam(None, list(values), type_=_Values(column.type), unique=True)
        super().__init__(column, given)

    def self_group(self, against: Any = None) -> Self:  # noqa: ARG002  # it binds close enough
        """Stand as it is: as `(…) = 1`, where booleans are numbers, it would use no index."""
        return self


@compiles(one_of)
def _in_json(element: one_of, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"


@compiles(one_of, "postgresql")
def _in_array(element: one_of, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({values})"


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
