"""Work of an earlier round of a job, which a pause or a crash left in the queue, does nothing."""

from pathlib import Path

from callsheet.intake.model import RunMode
from callsheet.jobs.model import DONE, Job
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.line.stages.render import ORDER_WORK
from callsheet.settings import read_settings
from callsheet.takes.model import Take, TakeStatus
from callsheet.wiring import Callsheet, build


async def seen(cs: Callsheet, job: JobId) -> tuple[Job, list[Take]]:
    """Read a job and its takes."""
    async with cs.database.read() as connection:
        found = await cs.line.jobs.store.of_any_workspace(connection, job)
        return found, await cs.line.books.takes.of_rows(connection, job, 1, 1)


async def test_work_of_an_earlier_round_does_nothing(tmp_path: Path, sqlite_url: str) -> None:
    """At every stage: after a pause and a resume only the work of the present round counts."""
    cs = await build(read_settings(data_dir=tmp_path / "data", database_url=sqlite_url))
    try:
        await cs.ready()
        wish = {"prompt": "a red mug"}
        started = await cs.generations.start(LOCAL_WORKSPACE, "local/dot", wish, RunMode.DRY_RUN)
        async with cs.database.read() as connection:
            take = await cs.line.books.takes.find(connection, LOCAL_WORKSPACE, started.take)
        works = cs.works(cs.ledger_keeper())
        for _ in ("intake", "quote", "render", "deliver"):
            job, _takes = await seen(cs, take.job)
            if job.work.stage == DONE:
                break
            await cs.control.pause(LOCAL_WORKSPACE, job.id)
            await cs.control.resume(LOCAL_WORKSPACE, job.id)
            before = await seen(cs, job.id)
            name = ORDER_WORK if job.work.stage == "render" else str(job.work.stage)
            payload = {"job": job.id, "takes": [take.id]}
            for stale in range(1, before[0].work.round):
                await works[name]({**payload, "round": stale})
                assert await seen(cs, job.id) == before
            await works[name]({**payload, "round": before[0].work.round})
            assert (await seen(cs, job.id))[0].work.stage is not job.work.stage
        done, [made] = await seen(cs, take.job)
        assert done.work.stage == DONE
        assert made.status is TakeStatus.SUCCEEDED
    finally:
        await cs.close()
