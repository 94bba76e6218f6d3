"""Many rows in one statement on PostgreSQL.

Its driver runs a statement with a hundred sets of parameters a hundred times, and so does the
server: as one statement over arrays the same costs a fraction on both sides. SQLite's driver
repeats a prepared statement in C, where there is nothing to win.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy import Engine, event
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import visitors
from sqlalchemy.sql.base import ReadOnlyColumnCollection

_Rows = Sequence[Mapping[str, Any]]


def write_many_at_once(engine: Engine) -> None:
    """Have an engine on PostgreSQL run each INSERT and UPDATE of many rows as one statement.

    No row may be named twice by one UPDATE: only one of the two would count.
    """

    @event.listens_for(engine, "before_execute", retval=True)
    def at_once(
        _connection: Any, statement: Any, rows: _Rows, one: Mapping[str, Any], _options: Any
    ) -> tuple[Any, Any, Any]:
        many = len(rows) > 1 and isinstance(statement, sa.Insert | sa.Update)
        if not many or statement.returning_column_descriptions:
            return statement, rows, one
        columns = {name: [row[name] for row in rows] for name in rows[0]}
        if isinstance(statement, sa.Insert):
            return _insert(statement, list(columns)), [], columns
        return _update(statement, list(columns)), [], columns


def _insert(statement: sa.Insert, names: list[str]) -> sa.Insert:
    given = _given({name: statement.table.c[name].type for name in names})
    return statement.from_select(names, sa.select(*given))


def _update(statement: sa.Update, names: list[str]) -> sa.Update:
    """Read each bound parameter of a statement from a column of the rows instead."""
    types = {
        part.key: part.type
        for part in visitors.iterate(statement)
        if isinstance(part, sa.BindParameter) and part.key in names
    }
    given = _given(types)

    def from_rows(element: Any, **_: Any) -> Any:
        known = isinstance(element, sa.BindParameter) and element.key in types
        return given[element.key] if known else None

    return cast("sa.Update", visitors.replacement_traverse(statement, {}, from_rows))


def _given(types: Mapping[str, sa.types.TypeEngine[Any]]) -> ReadOnlyColumnCollection[str, Any]:
    """Make a table of arrays: https://www.postgresql.org/docs/15/functions-array.html, unnest."""
    arrays = [sa.bindparam(name, type_=ARRAY(kind, dimensions=1)) for name, kind in types.items()]
    columns = [sa.column(name, kind) for name, kind in types.items()]
    return sa.func.unnest(*arrays).table_valued(*columns).render_derived(name="given").c
