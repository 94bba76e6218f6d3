"""Statements for many rows, and for one of many values: one to the server, and always the same."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from callsheet.database.connections import SqlDatabase
from callsheet.ports.database import UtcTime, bound, one_of

THINGS = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, server_default="7"),
    sa.Column("at", UtcTime),
    sa.Column("body", sa.JSON(none_as_null=True)),
    sa.Column("kind", sa.Text),
    sa.Column("hot", sa.Boolean),
)
WHEN = datetime(2026, 11, 28, 12, tzinfo=UTC)


class Kind(StrEnum):
    """A word that stands in a column of text."""

    FINE = "fine"


def thing(number: int, **values: Any) -> dict[str, Any]:
    """Word a row, its lists and quotes such as people write them."""
    return {
        "id": f"thing-{number}",
        "number": number,
        "at": WHEN if number % 2 else None,
        "body": [{"said": 'a "quote", a {brace}', "n": number}, []] if number % 3 else None,
        "kind": Kind.FINE,
        "hot": number % 2 == 0,
        **values,
    }


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[SqlDatabase]:
    """Open a database with nothing in it but an empty table of things."""
    database = SqlDatabase(database_url)
    async with database.begin() as connection:
        await connection.run_sync(THINGS.create)
    yield database
    await database.close()


def spied(database: SqlDatabase) -> list[tuple[str, bool]]:
    """Collect what goes to the driver: (statement, whether it is one for many sets)."""
    seen: list[tuple[str, bool]] = []

    @sa.event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def note(
        _connection: Any, _cursor: Any, statement: str, _rows: Any, _context: Any, many: Any
    ) -> None:
        seen.append((statement, many))

    return seen


async def all_things(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Read every row."""
    rows = await connection.execute(sa.select(THINGS).order_by(THINGS.c.number))
    return [dict(row) for row in rows.mappings()]


async def test_many_rows_come_back_as_they_went_in(database: SqlDatabase) -> None:
    """Lists, quotes, nothing, moments, words and truths survive; what is not given is defaulted."""
    rows = [thing(number) for number in range(20)]
    async with database.begin() as connection:
        await connection.execute(sa.insert(THINGS), rows)
        assert await all_things(connection) == rows
        short: list[dict[str, Any]] = [{"id": "a", "body": {"k": None}}, {"id": "b", "body": None}]
        await connection.execute(sa.insert(THINGS), short)
        added = {row["id"]: row for row in await all_things(connection)}
    assert [added[name]["number"] for name in "ab"] == [7, 7]
    assert [added[name]["body"] for name in "ab"] == [{"k": None}, None]


async def test_rows_that_are_there_stay_as_they_were(database: SqlDatabase) -> None:
    """An INSERT that minds no conflict works for many rows, too, also for the same one twice."""
    insert = (sqlite if database.dialect == "sqlite" else postgresql).insert(THINGS)
    async with database.begin() as connection:
        await connection.execute(sa.insert(THINGS), [thing(1), thing(2)])
        again = [thing(2, hot=False), thing(3), thing(3, hot=True)]
        await connection.execute(insert.on_conflict_do_nothing(), again)
        assert await all_things(connection) == [thing(1), thing(2), thing(3)]


async def test_each_row_of_an_update_has_its_values(database: SqlDatabase) -> None:
    """Sums, constants and conditions stand beside what each row brings; all hits are counted."""
    change = (
        sa.update(THINGS)
        .where(THINGS.c.id == bound(THINGS.c.id), THINGS.c.hot.is_(True))
        .values(
            number=THINGS.c.number + bound(THINGS.c.number), body=bound(THINGS.c.body), kind="x"
        )
    )
    rows = [
        {"b_id": f"thing-{number}", "b_number": 100, "b_body": None if number == 4 else [number]}
        for number in (2, 3, 4, 99)
    ]
    async with database.begin() as connection:
        await connection.execute(sa.insert(THINGS), [thing(number) for number in range(1, 6)])
        assert (await connection.execute(change, rows)).rowcount == 2
        after = {row["id"]: row for row in await all_things(connection)}
    assert after["thing-2"] == {**thing(2), "number": 102, "body": [2], "kind": "x"}
    assert after["thing-4"] == {**thing(4), "number": 104, "body": None, "kind": "x"}
    assert [after[f"thing-{number}"] for number in (1, 3, 5)] == [thing(1), thing(3), thing(5)]


async def test_postgresql_is_sent_one_statement(postgres_url: str) -> None:
    """However many rows there are, the same one goes out once, not one for each."""
    database = SqlDatabase(postgres_url)
    change = (
        sa.update(THINGS).where(THINGS.c.id == bound(THINGS.c.id)).values(hot=bound(THINGS.c.hot))
    )
    async with database.begin() as connection:
        await connection.run_sync(THINGS.create)
    seen = spied(database)
    async with database.begin() as connection:
        for first, last in ((0, 2), (2, 50)):
            rows = [thing(number) for number in range(first, last)]
            await connection.execute(sa.insert(THINGS), rows)
            hot = [{"b_id": row["id"], "b_hot": True} for row in rows]
            await connection.execute(change, hot)
        assert all(row["hot"] for row in await all_things(connection))
    await database.close()
    assert [many for _, many in seen] == [False] * 5
    assert len({statement for statement, _ in seen}) == 3


@pytest.mark.parametrize("wanted", [[], [3], [1, 3, 5, 77]], ids=len)
async def test_one_of_finds_what_is_named(database: SqlDatabase, wanted: list[int]) -> None:
    """Numbers and words are found, whether there are none, one or some; words are not numbers."""
    async with database.begin() as connection:
        await connection.execute(sa.insert(THINGS), [thing(number) for number in range(6)])
    seen = spied(database)
    async with database.read() as connection:
        for column, values in (
            (THINGS.c.number, wanted),
            (THINGS.c.id, [f"thing-{number}" for number in wanted]),
            (THINGS.c.id, {'"', "'", "thing-0"}),
        ):
            query = sa.select(THINGS.c.number).where(one_of(column, values))
            found = {row.number for row in await connection.execute(query)}
            expected = {0} if isinstance(values, set) else {n for n in wanted if n < 6}
            assert found == expected
    assert len({statement for statement, _ in seen}) == 2


async def test_one_of_looks_its_values_up(tmp_path: Path) -> None:
    """On SQLite an index finds them, beside other conditions too: no statement reads all rows."""
    database = SqlDatabase(f"sqlite:///{tmp_path}/test.db")
    wanted = one_of(THINGS.c.id, ["thing-1", "thing-2"])
    questions = [
        sa.select(THINGS.c.number).where(wanted),
        sa.select(THINGS.c.number).where(wanted, THINGS.c.hot.is_(True)),
        sa.select(THINGS.c.number).where(sa.or_(wanted, THINGS.c.id == "thing-3")),
        sa.update(THINGS).where(wanted, THINGS.c.number > 0).values(hot=True),
    ]
    async with database.begin() as connection:
        await connection.run_sync(THINGS.metadata.create_all)
        for question in questions:
            compiled = question.compile(dialect=connection.dialect)
            named = compiled.construct_params()
            given = tuple(
                json.dumps(value) if isinstance(value := named[name], list) else value
                for name in compiled.positiontup or ()
            )
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", given)
            steps = [row.detail for row in plan]
            assert not any(step.startswith("SCAN things") for step in steps), steps
    await database.close()
