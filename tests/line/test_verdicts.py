"""What follows from verdicts: bounded retakes with what was wrong, within every budget, once."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from callsheet.intake.model import RunMode
from callsheet.jobs.content import content_digest
from callsheet.jobs.model import Counts, Job
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import TakeId
from callsheet.kernel.money import Money
from callsheet.line.verdicts import NO_MONEY, NO_RETAKE_LEFT, Assessment, write
from callsheet.money.model import Scope
from callsheet.quality.model import Decision
from callsheet.quality.verdicts import (
    Action,
    Observation,
    TakeVerdict,
    verdict_in,
    verdict_out,
)
from callsheet.settings import read_settings
from callsheet.takes.model import Take, TakeStatus
from callsheet.wiring import Callsheet, build
from tests.support.rooms import NOW, a_job, a_shot, a_take

MODEL = "replicate/flux-schnell"
PRICE = Money(3_000)
SEEN = (Observation("identity", "It is another woman.", prompt="Keep the woman's red hair."),)


@asynccontextmanager
async def with_takes(tmp_path: Path, url: str, rows: int) -> AsyncIterator[tuple[Callsheet, Job]]:
    """Write a live job each of whose rows has a take that was made and paid for."""
    cs = await build(read_settings(data_dir=tmp_path / "data", database_url=url))
    job = a_job(run_mode=RunMode.LIVE, rows=rows, takes=Counts(succeeded=rows), stage="qa_tech")
    try:
        await cs.ready()
        async with cs.database.begin() as connection:
            await cs.line.jobs.store.add(connection, job)
            for row in range(1, rows + 1):
                shot = a_shot(job, row, model=MODEL)
                await cs.line.jobs.store.add_shots(connection, [shot])
                made = a_take(
                    job,
                    row,
                    model=MODEL,
                    provider="replicate",
                    price=PRICE,
                    charged=PRICE,
                    status=TakeStatus.SUCCEEDED,
                    asset=sha256_of(b"picture %d" % row),
                    content=content_digest(shot),
                )
                await cs.line.books.takes.add(connection, [made])
        yield cs, job
    finally:
        await cs.close()


async def takes_of(cs: Callsheet, job: Job) -> list[Take]:
    """Read every take of a job, whole."""
    async with cs.database.read() as connection:
        first = await cs.line.books.takes.first_of_job(connection, job.id, 100)
        return await cs.line.books.takes.some(connection, [take.id for take in first])


async def judged(cs: Callsheet, job: Job, *assessed: Assessment, retakes: int = 1) -> None:
    """Write verdicts down, twice: the second time changes nothing."""
    for _ in range(2):
        async with cs.database.begin() as connection:
            locked = await cs.line.jobs.store.lock(connection, job.id)
            await write(cs.line, connection, locked, "semantic", assessed, retakes)


async def verdicts_of(cs: Callsheet, take: TakeId) -> list[TakeVerdict]:
    """Read the verdicts about a take."""
    async with cs.database.read() as connection:
        return (await cs.line.verdicts.of_takes(connection, [take])).get(take, [])


def failing(take: Take, **more: Any) -> Assessment:
    """Assess a take as failed."""
    return Assessment(take, Decision.FAIL, SEEN, rules="v1", **more)


async def test_a_retake_is_another_take_of_the_same(tmp_path: Path, database_url: str) -> None:
    """Same shot and content, another seed, what was wrong in its prompt; once, then a person."""
    async with with_takes(tmp_path, database_url, 1) as (cs, job):
        [first] = await takes_of(cs, job)
        await judged(cs, job, failing(first))
        [first, again] = await takes_of(cs, job)
        [verdict] = await verdicts_of(cs, first.id)
        assert (verdict.action, verdict.retake) == (Action.RETAKE, again.id)
        assert again.status is TakeStatus.QUOTED
        assert again.digests.content == first.digests.content
        assert again.inputs["prompt"] == "a red boat Keep the woman's red hair."
        assert (first.status, first.charged) == (TakeStatus.SUCCEEDED, PRICE)
        async with cs.database.begin() as connection:
            found = await cs.line.jobs.store.lock(connection, job.id)
            assert found.tally.takes == Counts(queued=1)
            made = replace(again, status=TakeStatus.SUCCEEDED, asset=sha256_of(b"again"))
            await connection.exec_driver_sql(
                f"UPDATE takes SET status = 'succeeded', asset = '{made.asset}'"  # ours
                f" WHERE id = '{again.id}'"
            )
        await judged(cs, job, failing(made))
        [verdict] = await verdicts_of(cs, again.id)
        assert (verdict.action, verdict.why) == (Action.PERSON, NO_RETAKE_LEFT)
        assert len(await takes_of(cs, job)) == 2


async def test_retakes_stay_within_every_budget(tmp_path: Path, database_url: str) -> None:
    """Of three that fail, one is made again: there is no money for two, and none is for the last.

    What was ordered as a retake a moment ago counts, though nothing is set aside for it yet.
    """
    async with with_takes(tmp_path, database_url, 3) as (cs, job):
        async with cs.database.begin() as connection:
            await cs.line.books.money.set_budget(
                connection, job.workspace, Scope.JOB, job.id, Money(5_000), by="anna", now=NOW
            )
        one, two, three = await takes_of(cs, job)
        await judged(cs, job, failing(one), failing(two))
        await judged(cs, job, failing(three))
        found = [(await verdicts_of(cs, take.id))[0] for take in (one, two, three)]
        assert [each.action for each in found] == [Action.RETAKE, Action.PERSON, Action.PERSON]
        assert [each.why for each in found] == ["", NO_MONEY, NO_MONEY]
        assert len(await takes_of(cs, job)) == 4


async def test_a_hopeless_retake_is_not_ordered(tmp_path: Path, sqlite_url: str) -> None:
    """Where another take would come to the same, a person is asked at once, and told why."""
    async with with_takes(tmp_path, sqlite_url, 1) as (cs, job):
        [first] = await takes_of(cs, job)
        await judged(cs, job, failing(first, hopeless="it is as ordered"), retakes=5)
        [verdict] = await verdicts_of(cs, first.id)
        assert (verdict.action, verdict.why) == (Action.PERSON, "it is as ordered")
        async with cs.database.read() as connection:
            assert await cs.line.verdicts.waiting(connection, job.id) == [first.id]


async def test_a_file_that_was_replaced_is_not_judged(tmp_path: Path, sqlite_url: str) -> None:
    """A verdict about other bytes than the take has now is dropped."""
    async with with_takes(tmp_path, sqlite_url, 1) as (cs, job):
        [first] = await takes_of(cs, job)
        await judged(cs, job, failing(replace(first, asset=sha256_of(b"other"))))
        assert await verdicts_of(cs, first.id) == []
        assert len(await takes_of(cs, job)) == 1


def test_a_verdict_survives_a_snapshot() -> None:
    """Written as a record of a recovery snapshot and read back, it is the same."""
    verdict = TakeVerdict(
        take=TakeId("tk_1"),
        gate="technical",
        job=a_job().id,
        asset=sha256_of(b"x"),
        decision=Decision.FAIL,
        action=Action.RETAKE,
        at=NOW,
        observations=SEEN,
        rules="v1",
        why="because",
        retake=TakeId("tk_2"),
    )
    assert verdict_in(json.loads(json.dumps(verdict_out(verdict)))) == verdict
    plain = replace(verdict, retake=None, action=Action.PASS, warned=True, observations=())
    assert verdict_in(json.loads(json.dumps(verdict_out(plain)))) == plain
