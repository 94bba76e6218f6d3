"""Pipelines as data: parts in order, gates that wait for a person, attempts that are counted."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults
from callsheet.intake.rows import draft_from_items
from callsheet.jobs.model import DONE, Job, JobStatus
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.line.batch import BATCH
from callsheet.line.errors import NotAtGateError
from callsheet.line.patience import patient
from callsheet.line.pipeline import PERSON, Agreement, Gate, Step
from callsheet.line.single import SINGLE
from callsheet.line.stages.render import ORDER_WORK
from callsheet.settings import read_settings
from callsheet.takes.model import Take
from callsheet.wiring import Callsheet, build


@asynccontextmanager
async def standing(tmp_path: Path, database_url: str) -> AsyncIterator[Callsheet]:
    """Build callsheet; nothing works but what the test does."""
    cs = await build(read_settings(data_dir=tmp_path / "data", database_url=database_url))
    try:
        await cs.ready()
        yield cs
    finally:
        await cs.close()


async def seen(cs: Callsheet, job: JobId) -> tuple[Job, list[Take]]:
    """Read a job and its takes."""
    async with cs.database.read() as connection:
        found = await cs.line.jobs.store.of_any_workspace(connection, job)
        return found, await cs.line.books.takes.of_rows(connection, job, 1, 9)


async def submitted(cs: Callsheet, gates: Mapping[str, str]) -> JobId:
    """Put a batch of one row into the books."""
    items = [{"prompt": "a red mug", "model": "local/dot", "size": "256x256"}]
    draft = draft_from_items(items, count=len(items), defaults=Defaults(), limits=Limits())
    settings = {"gates": dict(gates)}
    return (await cs.submission.submit(LOCAL_WORKSPACE, draft, settings=settings)).job


async def moved_on(cs: Callsheet, job: JobId) -> Job:
    """Do the work of the stage in which a job is, once."""
    works = cs.works(cs.ledger_keeper())
    before, takes = await seen(cs, job)
    payload: dict[str, Any] = {"job": job, "round": before.work.round}
    await works[before.work.stage](payload)
    if before.work.stage == "render":
        await works[ORDER_WORK]({**payload, "takes": [take.id for take in takes]})
    return (await seen(cs, job))[0]


def test_parts_follow_one_another() -> None:
    """Steps and gates come in the order of the declaration, and none after the last."""
    parts = [part.stage if isinstance(part, Step) else part.name for part in BATCH.parts]
    quality = ["qa_tech", "qa_semantic"]
    assert parts == ["intake", "quote", "budget", "render", *quality, "review", "deliver"]
    gate = BATCH.after("quote")
    assert isinstance(gate, Gate)
    assert BATCH.after("quote", gate.name) is BATCH.step("render")
    assert BATCH.after("deliver") is None
    assert SINGLE.first.stage == "quote"
    assert SINGLE.after("quote") is SINGLE.step("render")


@pytest.mark.parametrize("gate", ["budget", "review"])
async def test_a_gate_waits_for_a_person(tmp_path: Path, database_url: str, gate: str) -> None:
    """The job rests before the gate, whatever is done again, until a person agrees."""
    async with standing(tmp_path, database_url) as cs:
        job = await submitted(cs, {gate: PERSON})
        while not (found := await moved_on(cs, job)).work.paused:
            pass
        assert found.work.stage == {"budget": "quote", "review": "qa_tech"}[gate]
        assert found.status is JobStatus.WAITING
        assert found.problem is not None
        assert found.problem["gate"] == gate
        assert f"callsheet jobs approve {job} --gate {gate}" in found.problem["message"]
        _, takes = await seen(cs, job)
        assert [take.times.ordered_at is not None for take in takes] == [gate == "review"]

        assert await moved_on(cs, job) == found  # stale work does nothing
        await cs.control.resume(LOCAL_WORKSPACE, job)  # to go on is not to agree
        assert (await moved_on(cs, job)).work.paused

        other = "review" if gate == "budget" else "budget"
        with pytest.raises(NotAtGateError, match=gate):
            await cs.control.pass_gate(LOCAL_WORKSPACE, job, other, Agreement("approve", "Ann"))
        await cs.control.pass_gate(LOCAL_WORKSPACE, job, gate, Agreement("approve", "Ann", "ok"))
        with pytest.raises(NotAtGateError, match="no gate"):
            await cs.control.pass_gate(LOCAL_WORKSPACE, job, gate, Agreement("approve", "Ann"))
        while (found := await moved_on(cs, job)).work.stage != DONE:
            assert not found.work.paused
        assert found.status is JobStatus.SUCCEEDED
        async with cs.database.read() as connection:
            told = await cs.line.jobs.store.journal(connection, job, 0, 100, "gate")
        assert told[-1].body["by"] == "Ann"
        assert told[-1].body["comment"] == "ok"


async def test_a_rejected_job_spends_nothing(tmp_path: Path, database_url: str) -> None:
    """At the gate of the budget: it ends cancelled, and nothing was ordered."""
    async with standing(tmp_path, database_url) as cs:
        job = await submitted(cs, {"budget": PERSON})
        while not (await moved_on(cs, job)).work.paused:
            pass
        await cs.control.pass_gate(LOCAL_WORKSPACE, job, "budget", Agreement("reject", "Ann"))
        found, [take] = await seen(cs, job)
        assert (found.status, take.times.ordered_at) == (JobStatus.CANCELLED, None)


async def test_a_stage_has_three_attempts(tmp_path: Path, sqlite_url: str) -> None:
    """A defect is met twice and gone the third time; met three times it fails the job."""
    async with standing(tmp_path, sqlite_url) as cs:
        for lasting, status in ((2, JobStatus.QUEUED), (3, JobStatus.FAILED)):
            job = await submitted(cs, {})
            calls = 0

            async def work(_payload: Mapping[str, Any], lasting: int = lasting) -> None:
                nonlocal calls
                calls += 1
                if calls <= lasting:
                    raise KeyError("defect")

            runs = patient(cs.line, "intake", work, attempts=BATCH.first.attempts)
            before, _ = await seen(cs, job)
            if lasting == BATCH.first.attempts:
                with pytest.raises(KeyError):
                    await runs({"job": job, "round": 1})
            else:
                await runs({"job": job, "round": 1})
            found, _ = await seen(cs, job)
            wanted = status if status is JobStatus.FAILED else before.status
            assert (calls, found.status) == (3, wanted)
            async with cs.database.read() as connection:
                told = await cs.line.jobs.store.journal(connection, job, 0, 100, "attempt")
            assert [each.body["attempt"] for each in told] == [1, 2]
            assert "defect" in told[0].body["error"]


async def _look(_tools: object, _payload: Mapping[str, Any]) -> None:
    """Do nothing."""


def test_a_new_stage_is_a_place_in_a_declaration() -> None:
    """A stage that is put into a pipeline is gone through: nothing else has to know it."""
    extra = Step("look", _look, "looking")
    first, *rest = BATCH.parts
    longer = replace(BATCH, parts=(extra, first, *rest))
    assert longer.first is extra
    assert longer.after("look") is first
    assert longer.doing("look") == "looking"
    assert longer.doing(DONE) == DONE
