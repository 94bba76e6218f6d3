"""The recovery log: few objects are made of many, and nothing of them is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callsheet.blobs.disk import DiskStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import JobId, TakeId
from callsheet.orders.recovery_log import (
    PREFIX,
    AnswerLine,
    Line,
    all_lines,
    answers_since,
    merge_segments,
    write_segment,
)

NOW = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
LINE = AnswerLine(
    job=JobId("job_1"),
    take=TakeId("tk_1"),
    at="",
    order_no=1,
    ticket="t",
    cost=None,
    charged=5,
    sha256=Sha256("0" * 64),
    size=3,
    media_type="image/png",
)


def answer(number: int, at: datetime) -> AnswerLine:
    """Word an answer to one of some takes."""
    return replace(LINE, take=TakeId(f"tk_{number}"), at=at.isoformat())


async def read(store: DiskStore) -> list[Line]:
    """Read the whole log."""
    return [line async for lines in all_lines(store) for line in lines]


async def keys(store: DiskStore) -> list[str]:
    """List its objects."""
    return [info.key async for info in store.list(PREFIX)]


async def test_old_segments_become_few(tmp_path: Path) -> None:
    """Those of hours that are over are merged, in order; those of this hour are left."""
    store = DiskStore(tmp_path, b"x" * 32)
    old, new = NOW - timedelta(hours=3), NOW - timedelta(minutes=5)
    written = [answer(number, old + timedelta(seconds=number)) for number in range(20)]
    recent = [answer(20 + number, new + timedelta(seconds=number)) for number in range(20)]
    for line in (*written, *recent):
        await write_segment(store, [line])
    assert await merge_segments(store, NOW) == 20
    assert len(await keys(store)) == 21
    assert await read(store) == [*written, *recent]
    assert await merge_segments(store, NOW) == 0


async def test_killed_between_merging_and_removing_says_nothing_new(tmp_path: Path) -> None:
    """Lines that are there twice are the same lines, and the damaged stay where they are."""
    store = DiskStore(tmp_path, b"x" * 32)
    old = NOW - timedelta(hours=3)
    written = [answer(number, old + timedelta(seconds=number)) for number in range(9)]
    for line in written:
        await write_segment(store, [line])
    first = (await keys(store))[0]
    content = await store.get(first)
    assert await merge_segments(store, NOW) == 9
    await store.put(first, content, "application/x-ndjson")
    damaged = f"{first[:-4]}ffff"
    await store.put(damaged, content[:-5], "application/x-ndjson")
    assert set(map(str, await read(store))) == set(map(str, written))
    assert damaged in await keys(store)


async def test_answers_are_found_over_midnight(tmp_path: Path) -> None:
    """Whoever looks for what an order was answered with reads the hours since it was sent."""
    store = DiskStore(tmp_path, b"x" * 32)
    for number, at in enumerate((NOW - timedelta(hours=2), NOW - timedelta(minutes=40), NOW)):
        await write_segment(store, [answer(number, at)])
    wanted = [TakeId(f"tk_{number}") for number in range(3)]
    found = await answers_since(store, NOW - timedelta(minutes=45), NOW, wanted)
    assert sorted(found) == ["tk_1", "tk_2"]
    assert await answers_since(store, NOW - timedelta(minutes=45), NOW, wanted[:1]) == {}
