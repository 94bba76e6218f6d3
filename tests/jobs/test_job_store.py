"""Jobs, rows and the journal on both databases: what is written is read, and numbers hold."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.support.rooms import (
    BIG,
    LONG_TEXT,
    NOW,
    WORKSPACE,
    a_full_job,
    a_full_shot,
    a_job,
    a_shot,
    altered,
    flat,
    opened,
)

from callsheet.database.connections import SqlDatabase
from callsheet.jobs.errors import JobNotFoundError
from callsheet.jobs.model import (
    DONE,
    FINISHED,
    Change,
    Counts,
    Entry,
    Job,
    JobKind,
    JobStatus,
    JobUpdate,
    Shot,
    ShotStatus,
    ShotUpdate,
)
from callsheet.jobs.store import JobStore
from callsheet.jobs.tables import JOBS, SHOTS
from callsheet.kernel.ids import JobId, WorkspaceId
from callsheet.kernel.money import Money

STORE = JobStore()


async def written(database: SqlDatabase, *jobs: Job) -> None:
    """Write jobs down."""
    async with database.begin() as connection:
        for job in jobs:
            await STORE.add(connection, job)


async def read(database: SqlDatabase, job: Job) -> Job:
    """Read a job again."""
    async with database.read() as connection:
        return await STORE.of_any_workspace(connection, job.id)


def test_the_full_values_are_full() -> None:
    """The values that the round trips use differ from the defaults in every field."""
    for full, plain in ((a_full_job(), a_job()), (a_full_shot(a_job()), a_shot(a_job()))):
        other = flat(plain)
        same = {name for name, told in flat(full).items() if told == other[name]}
        # the stage is varied below; one instant, told in two zones, is one instant
        assert same <= {"work.stage", "times.created_at"}


@pytest.mark.parametrize("stage", ["intake", "quote", "render", "deliver", DONE])
async def test_jobs_come_back_as_they_were(database_url: str, stage: str) -> None:
    """Every field of a job survives: text of any script, None, numbers beyond a float, zones."""
    full, plain = altered(a_full_job(), stage=stage), a_job()
    async with opened(database_url) as database:
        await written(database, full, plain)
        for job in (full, plain):
            found = await read(database, job)
            assert found == job
            assert found.times.created_at.utcoffset() == timedelta(0)
            assert type(found.work.paused) is bool


async def test_rows_come_back_as_they_were(database_url: str) -> None:
    """Every field of a row survives, also when it is set later."""
    job = a_job()
    full, plain = a_full_shot(job), a_shot(job)
    async with opened(database_url) as database:
        async with database.begin() as connection:
            await STORE.add(connection, job)
            await STORE.add_shots(connection, [full, plain])
            await STORE.add_shots(connection, [])
        async with database.begin() as connection:
            assert await STORE.shots(connection, job.id) == [plain, full]
            change = ShotUpdate(1, error=full.error, references=[{"sha256": "é"}])
            await STORE.set_shots(connection, job.id, [change])
            await STORE.set_shots(connection, job.id, [])
        async with database.begin() as connection:
            changed = await STORE.shots(connection, job.id, limit=1)
            assert changed == [altered(plain, error=full.error, kept=({"sha256": "é"},))]
            queued = ShotStatus.QUEUED
            back = [ShotUpdate(row, error=None, status=queued) for row in (1, 99_999)]
            await STORE.set_shots(connection, job.id, back)
            nulls = sa.select(sa.func.count()).where(SHOTS.c.error.is_(None))
            assert await connection.scalar(nulls) == 2, "no error is NULL, not the JSON null"


async def test_the_journal_comes_back_as_it_was(database_url: str) -> None:
    """Entries keep their order, body and time, and can be read from any place on."""
    job = a_job()
    entries = [Entry("row", {"n": n, "text": LONG_TEXT, "none": None}) for n in range(25)]
    async with opened(database_url) as database:
        await written(database, job)
        async with database.begin() as connection:
            locked = await STORE.lock(connection, job.id)
            assert (
                await STORE.change(connection, locked, Change(), entries, NOW)
            ).work.sequence == 25
        async with database.read() as connection:
            told = await STORE.journal(connection, job.id, 0, 100)
            assert [(each.sequence, each.body["n"]) for each in told] == [
                (n + 1, n) for n in range(25)
            ]
            assert {each.at for each in told} == {NOW}
            assert told[3].body == entries[3].body
            page = await STORE.journal(connection, job.id, 20, 3)
            assert [each.sequence for each in page] == [21, 22, 23]


async def test_a_change_adds_and_sets(database_url: str) -> None:
    """Counters and money move by the change, values are set, nothing else is touched."""
    job = a_job(takes=Counts(queued=5), quoted=Money(BIG))
    change = Change(
        takes=Counts(queued=-3, succeeded=2, failed=1),
        failed_rows=1,
        rows=2,
        quoted=Money(1),
        held=Money(7),
        charged=Money(BIG),
        update=JobUpdate(status=JobStatus.WAITING, problem={"code": "é"}, paused=True),
    )
    later = NOW + timedelta(seconds=5)
    async with opened(database_url) as database:
        await written(database, job)
        async with database.begin() as connection:
            locked = await STORE.lock(connection, job.id)
            changed = await STORE.change(connection, locked, change, [], later)
        assert await read(database, job) == changed
        assert changed == altered(
            job,
            takes=Counts(queued=2, succeeded=2, failed=1),
            failed_rows=1,
            rows=3,
            quoted=Money(BIG + 1),
            held=Money(7),
            charged=Money(BIG),
            status=JobStatus.WAITING,
            problem={"code": "é"},
            paused=True,
            updated_at=later,
        )


async def test_twenty_at_once_leave_no_gap(database_url: str) -> None:
    """Twenty tasks that each append to one journal leave it gapless, and no count is lost."""
    job = a_job()
    async with opened(database_url) as database:
        await written(database, job)

        async def append(task: int) -> None:
            for turn in range(3):
                async with database.begin() as connection:
                    locked = await STORE.lock(connection, job.id)
                    entries = [Entry("row", {"task": task, "turn": turn}), Entry("x", {})]
                    change = Change(takes=Counts(succeeded=1), charged=Money(3))
                    changed = await STORE.change(connection, locked, change, entries, NOW)
                    assert changed.work.sequence == locked.work.sequence + 2

        await asyncio.gather(*map(append, range(20)))
        async with database.read() as connection:
            told = await STORE.journal(connection, job.id, 0, 1_000)
        found = await read(database, job)
    assert [each.sequence for each in told] == list(range(1, 121))
    assert (found.work.sequence, found.tally.takes.succeeded, found.cost.charged) == (
        120,
        60,
        Money(180),
    )
    by_task = [(each.body["task"], each.body["turn"]) for each in told if each.kind == "row"]
    assert sorted(by_task) == [(task, turn) for task in range(20) for turn in range(3)]


async def test_jobs_of_others_are_not_there(database_url: str) -> None:
    """A workspace finds and lists its own jobs only; to others they do not exist."""
    ours, theirs = a_job(), a_job(workspace=WorkspaceId("other"))
    async with opened(database_url) as database:
        await written(database, ours, theirs)
        async with database.read() as connection:
            assert await STORE.find(connection, WORKSPACE, ours.id) == ours
            assert await STORE.recent(connection, WORKSPACE, 10) == [ours]
            for name in (theirs.id, "job_nope", "", "' OR 1=1 --"):
                with pytest.raises(JobNotFoundError):
                    await STORE.find(connection, WORKSPACE, name)
            with pytest.raises(JobNotFoundError):
                await STORE.lock(connection, JobId("job_nope"))
            with pytest.raises(JobNotFoundError):
                await STORE.of_any_workspace(connection, JobId("job_nope"))


async def test_lists_go_on_where_they_ended(database_url: str) -> None:
    """Pages from the newest on show every job once, in order, and by kind if asked."""
    kinds = [JobKind.BATCH, JobKind.SINGLE]
    jobs = [a_job(id=JobId(f"job_{n:020d}"), kind=kinds[n % 2]) for n in range(7)]
    async with opened(database_url) as database:
        await written(database, *jobs)
        async with database.read() as connection:
            seen: list[Job] = []
            while page := await STORE.recent(
                connection, WORKSPACE, 3, before=seen[-1].id if seen else None
            ):
                seen += page
            assert seen == jobs[::-1]
            batches = await STORE.recent(connection, WORKSPACE, 2, kind=JobKind.BATCH)
            assert batches == [jobs[6], jobs[4]]


async def test_rows_are_read_in_pages(database_url: str) -> None:
    """Rows are read after a number, from a place, by name or by state, always in order."""
    job, other = a_job(), a_job()
    states = [ShotStatus.FAILED, ShotStatus.QUEUED, ShotStatus.PARTIAL]
    shots = [a_shot(job, 2 * n, status=states[n % 3]) for n in range(9, 0, -1)]
    async with opened(database_url) as database:
        await written(database, job, other)
        async with database.begin() as connection:
            await STORE.add_shots(connection, [*shots, a_shot(other, 5)])

        async def rows(**query: object) -> list[int]:
            async with database.read() as connection:
                found: list[Shot] = await STORE.shots(connection, job.id, **query)  # type: ignore[arg-type]  # any of its arguments
            return [shot.row for shot in found]

        assert await rows() == list(range(2, 20, 2))
        assert await rows(after=8, limit=3) == [10, 12, 14]
        assert await rows(offset=7) == [16, 18]
        async with database.read() as connection:
            named = await STORE.scenes(connection, job.id, [18, 4, 5])
            assert named == {shot.row: shot.scene_id for shot in shots if shot.row in (4, 18)}
            assert list(named) == [4, 18]
            assert await STORE.scenes(connection, job.id, []) == {}
            wanted = [ShotStatus.FAILED, ShotStatus.PARTIAL]
            found = await STORE.shots_with(connection, job.id, wanted)
            assert [shot.row for shot in found] == [4, 6, 10, 12, 16, 18]


async def test_what_is_not_finished(database_url: str) -> None:
    """Jobs with work left are listed and counted by state, over all workspaces."""
    jobs = [a_job(id=JobId(f"job_{n:020d}"), status=status) for n, status in enumerate(JobStatus)]
    jobs.append(a_job(id=JobId("job_z"), status=JobStatus.RUNNING, workspace=WorkspaceId("other")))
    async with opened(database_url) as database:
        await written(database, *jobs)
        async with database.read() as connection:
            open_jobs = await STORE.unfinished(connection)
            counts = await STORE.count_open(connection)
            heights = await STORE.sequences(connection, [jobs[0].id, JobId("job_nope")])
    assert open_jobs == [job for job in jobs if job.status not in FINISHED]
    assert counts == {"queued": 1, "running": 2, "waiting": 1}
    assert heights == {jobs[0].id: 0}


async def test_a_ledger_is_claimed_by_one(database_url: str) -> None:
    """Of eight keepers each job's ledger goes to one: a second after it began, not soon again."""
    jobs = [a_job(sequence=1) for _ in range(12)]
    idle = a_job(sequence=1, ledger_version=1)
    async with opened(database_url) as database:
        await written(database, idle, *jobs)

        async def claim(now: float) -> list[JobId]:
            async with database.begin() as connection:
                return await STORE.claim_ledgers(connection, now, now + 60, 5)

        began = max(job.times.created_at for job in jobs).timestamp()
        first = began + 1
        async with database.read() as connection:
            assert not await STORE.ledgers_due(connection, began)
            assert await STORE.ledgers_due(connection, first)
        rounds = [await asyncio.gather(*(claim(first + turn) for _ in range(8))) for turn in (0, 1)]
        claimed = [job for keeper in (*rounds[0], *rounds[1]) for job in keeper]
        assert sorted(claimed) == sorted(job.id for job in jobs)
        async with database.read() as connection:
            assert not await STORE.ledgers_due(connection, first + 59)
            assert await STORE.ledgers_due(connection, first + 61)
        assert set(await claim(first + 61)) <= {job.id for job in jobs}


async def test_an_older_ledger_never_counts_as_newer(database_url: str) -> None:
    """The version that was written only grows, whoever reports last."""
    job = a_job(sequence=9)
    async with opened(database_url) as database:
        await written(database, job)
        for version, due in ((7, 70.0), (5, 50.0), (9, 90.0)):
            async with database.begin() as connection:
                await STORE.ledger_written(connection, job.id, version, due)
        async with database.read() as connection:
            assert not await STORE.ledgers_due(connection, 1e12)
            query = sa.select(JOBS.c.ledger_version, JOBS.c.ledger_due_at)
            assert tuple((await connection.execute(query)).one()) == (9, 90.0)
