"""The ledger as people read it: the newest first, page by page, or all of it as CSV."""

import csv
from datetime import timedelta

import pytest
from tests.support.rooms import NOW, opened

from callsheet.database.connections import SqlDatabase
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId, new_id
from callsheet.kernel.money import Money
from callsheet.money.model import Holding, Kind, Posting
from callsheet.money.store import LedgerStore
from callsheet.money.views import entries_csv

OURS, THEIRS = WorkspaceId("ws_ours"), WorkspaceId("ws_theirs")
POSTINGS = 2_100


async def written(database: SqlDatabase) -> list[str]:
    """Write postings, a hundred at a time, and one of somebody else; names ours, newest first."""
    ids: list[str] = []
    async with database.begin() as connection:
        for first in range(0, POSTINGS, 100):
            now = NOW + timedelta(seconds=first)
            postings = [adjusted(first + number, OURS) for number in range(100)]
            await LedgerStore().post(connection, postings, now, "maya")
            ids += sorted(each.id for each in postings)
        await LedgerStore().post(connection, [adjusted(POSTINGS, THEIRS)], NOW, "eve")
    return ids[::-1]


def adjusted(number: int, workspace: WorkspaceId) -> Posting:
    """Fill a purse with a few micro-dollars, for a reason that a spreadsheet would run."""
    day = NOW.date().isoformat()
    nobody = Holding(TakeId(""), 0, Money(1 + number), JobId(""), "", "", workspace, day)
    name = f"adjust:{new_id('adj')}"
    return Posting(name, Kind.ADJUST, Money(1 + number), nobody, f"=sum({number})")


async def test_entries_are_read_in_pages_or_whole(database_url: str) -> None:
    """Each posting once with both its entries, however it is read, and nobody else's."""
    store = LedgerStore()
    async with opened(database_url) as database:
        ids = await written(database)
        text = "".join([each async for each in entries_csv(database, store, OURS)])
        pages: list[str] = []
        async with database.read() as connection:
            while page := await store.entries(
                connection, OURS, postings=999, before=pages[-1] if pages else ""
            ):
                assert [entry.posting for entry in page[::2]] == [
                    entry.posting for entry in page[1::2]
                ]
                pages += [entry.posting for entry in page[::2]]
        few = entries_csv(database, store, OURS, postings=1_001, before=ids[0])
        lines = "".join([each async for each in few]).splitlines()
    assert pages == ids
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["posting"] for row in rows] == [made for made in ids for _ in range(2)]
    assert sum(int(row["amount"].replace(".", "")) for row in rows) == 0
    assert rows[0]["reason"].startswith("'=")
    assert len(lines) == 1 + 2 * 1_001
    assert lines[1].startswith(ids[1])


async def test_a_ledger_without_entries_has_its_columns(sqlite_url: str) -> None:
    """A table of no lines is a table yet; what it should go on after must be there."""
    async with opened(sqlite_url) as database:
        text = [each async for each in entries_csv(database, LedgerStore(), OURS)]
        assert "".join(text).startswith("posting,account,amount")
        assert "".join(text).count("\n") == 1
        with pytest.raises(InvalidInputError, match="cursor: there is no posting charge:tk_9"):
            await anext(entries_csv(database, LedgerStore(), OURS, before="charge:tk_9"))
