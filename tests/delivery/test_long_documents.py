"""Documents of any length: in the store as a head and segments, in a folder row by row."""

import io
import json
import tracemalloc
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callsheet.blobs.disk import DiskStore
from callsheet.delivery.errors import LedgerCorruptError
from callsheet.delivery.ledger import KEPT_VERSIONS, Ledger, state_key, version_key
from callsheet.delivery.results import Results, result_table, to_csv, to_xlsx
from callsheet.delivery.segments import is_sound
from callsheet.delivery.state_file import StateFile
from callsheet.ports.blobs import BlobNotFoundError

JOB = "job_long"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
Row = Mapping[str, Any]


class Clock:
    """A clock that is set."""

    now = NOW

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Set a clock."""
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Ledger:
    """Keep ledgers in a folder."""
    store = DiskStore(tmp_path, b"a secret of at least 32 bytes, no less")
    return Ledger(store, clock, lambda _job, _reason: None)


def head(version: int) -> dict[str, Any]:
    """Word a state but for its rows."""
    return {"batchId": JOB, "schema": 1, "status": "running", "version": version}


async def paged(*pages: Sequence[Row]) -> AsyncIterator[Sequence[Row]]:
    """Give pages of rows."""
    for page in pages:
        yield page


def rows_of(*numbers: int, said: str = "") -> list[Row]:
    """Word rows."""
    return [{"row": number, "prompt": f"größer {number}{said}"} for number in numbers]


async def write(ledger: Ledger, version: int, *pages: Sequence[Row]) -> None:
    """Write a version over what is there."""
    await ledger.write(JOB, head(version), paged(*pages), await ledger.etag(JOB))


async def read(ledger: Ledger) -> tuple[int, list[Row]]:
    """Read the newest good version and its rows."""
    state = await ledger.read(JOB)
    return state["version"], [row async for page in ledger.rows(state) for row in page]


async def keys(ledger: Ledger, prefix: str) -> list[str]:
    """List what is in the store."""
    return [info.key async for info in ledger.blobs.list(prefix)]


async def test_rows_of_one_page_stay_in_their_document(ledger: Ledger) -> None:
    """What readers of small jobs find is one sealed object, as ever."""
    await write(ledger, 1, rows_of(1, 2))
    document = json.loads(await ledger.blobs.get(state_key(JOB)))
    assert is_sound(document)
    assert document["rows"] == rows_of(1, 2)
    assert await read(ledger) == (1, rows_of(1, 2))
    assert await keys(ledger, f"jobs/{JOB}/segments/") == []


async def test_many_rows_come_back_from_segments(ledger: Ledger) -> None:
    """A head names its segments in order, and is sealed over their digests."""
    await write(ledger, 7, rows_of(1, 2), rows_of(3, 4), rows_of(5))
    document = json.loads(await ledger.blobs.get(state_key(JOB)))
    assert is_sound(document)
    assert "rows" not in document
    assert [segment["items"] for segment in document["segments"]] == [2, 2, 1]
    assert await read(ledger) == (7, rows_of(1, 2, 3, 4, 5))


@pytest.mark.parametrize("how", ["gone", "flipped"])
async def test_a_damaged_segment_damages_its_version_alone(ledger: Ledger, how: str) -> None:
    """The version before it is answered, and then the hour's backup."""
    await write(ledger, 1, rows_of(1), rows_of(2))
    await write(ledger, 2, rows_of(1, said="!"), rows_of(2, said="!"))
    for version, left in ((2, 1), (1, 1)):
        key = (await keys(ledger, f"jobs/{JOB}/segments/{version:012d}/"))[-1]
        if how == "gone":
            await ledger.blobs.delete(key)
        else:
            await ledger.blobs.put(key, b"[]", "application/json")
        assert await read(ledger) == (left, rows_of(1, 2))
    for key in await keys(ledger, "backups/"):
        await ledger.blobs.delete(key)
    with pytest.raises(LedgerCorruptError, match="no good version"):
        await ledger.read(JOB)


async def test_segments_go_with_their_version_and_backups_keep_theirs(
    ledger: Ledger, clock: Clock
) -> None:
    """Twenty versions are kept; the copy of each hour stands alone, and goes after its days."""
    for version in range(1, KEPT_VERSIONS + 3):
        clock.now = NOW + timedelta(hours=version)
        await write(ledger, version, rows_of(1, said=f"v{version}"), rows_of(2))
    folders = {key.split("/")[3] for key in await keys(ledger, f"jobs/{JOB}/segments/")}
    assert min(folders) == f"{3:012d}"
    assert len(folders) == KEPT_VERSIONS
    with pytest.raises(BlobNotFoundError):
        await ledger.blobs.head(version_key(JOB, 2))
    oldest = min(key for key in await keys(ledger, "backups/") if key.endswith(f"/{JOB}.json"))
    copied = await ledger.segments.head(oldest)
    await ledger.segments.check(copied)
    assert copied["version"] == 1
    await ledger.drop_old_backups(NOW + timedelta(days=30))
    assert await keys(ledger, "backups/") == []


async def test_a_manifest_of_many_shots_is_read_page_by_page(ledger: Ledger) -> None:
    """What was asked for comes back, and the job is found by it once."""
    await ledger.write_manifest(JOB, {"batchId": JOB}, paged(rows_of(1), rows_of(2)))
    manifest = await ledger.manifest(JOB)
    assert [page async for page in ledger.shots(manifest)] == [rows_of(1), rows_of(2)]
    assert [job async for job in ledger.jobs()] == [JOB]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_state_file_is_sealed_like_the_document(count: int) -> None:
    """Its checksum is that of the whole, with or without a list behind it."""
    plain, longer = io.BytesIO(), io.BytesIO()
    for out in (plain, longer):
        file = StateFile(out, head(3))
        for number in range(count):
            file.add(rows_of(number))
        if out is longer:
            file.go_on_with("takes")
            file.add([{"take": "t1"}, {"take": "t2"}])
        file.end()
    document, with_takes = json.loads(plain.getvalue()), json.loads(longer.getvalue())
    assert document["rows"] == rows_of(*range(count))
    assert is_sound(document)
    assert with_takes == {**document, "takes": [{"take": "t1"}, {"take": "t2"}]}


def long_page(first: int) -> list[Row]:
    """Word a hundred rows of a state with much to say."""
    made = {"variant": 1, "take": "t", "url": "u" * 300, "cost": "0.000000"}
    return [
        {
            "row": row,
            "scene_id": f"S{row}",
            "prompt": f"{row} " * 200,
            "status": "succeeded",
            "quoted": "0.000000",
            "error": None,
            "variants": [made],
        }
        for row in range(first, first + 100)
    ]


async def ledger_of(ledger: Ledger, pages: int) -> None:
    """Write a state of so many pages and read it back."""

    async def told() -> AsyncIterator[list[Row]]:
        for page in range(pages):
            yield long_page(page * 100)

    await ledger.write(JOB, head(pages), told(), await ledger.etag(JOB))
    state = await ledger.read(JOB)
    assert sum([len(page) async for page in ledger.rows(state)]) == pages * 100


async def tables_of(folder: Path, pages: int) -> None:
    """Write every table of so many pages of rows."""
    with Results() as results:
        for page in range(pages):
            results.add((row, {"ours": row["prompt"]}) for row in long_page(page * 100))
        for write in (to_csv, to_xlsx):
            with (folder / write.__name__).open("wb") as out:
                write(result_table(["ours"], results), out)


@pytest.mark.parametrize("what", ["ledger", "tables"])
async def test_memory_holds_a_page_and_no_document(
    ledger: Ledger, tmp_path: Path, what: str
) -> None:
    """Ten times the rows need no more than their names and numbers."""
    peaks = []
    for pages in (2, 4, 40):
        tracemalloc.start()
        if what == "ledger":
            await ledger_of(ledger, pages)
        else:
            await tables_of(tmp_path, pages)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < peaks[1] * 2, peaks  # the first has loaded what is loaded once
