"""Batches are examined before they are delivered: passed, made again, or left to a person."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from callsheet.cli.sheets import Switch, read_quality
from callsheet.delivery.links import file_key
from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults
from callsheet.intake.rows import draft_from_items
from callsheet.jobs.decisions import Choice
from callsheet.jobs.model import DONE, Job, JobStatus
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.line.deciding import TakeFailedError
from callsheet.line.errors import TakesUndecidedError
from callsheet.line.pipeline import Agreement
from callsheet.line.stages.render import ORDER_WORK
from callsheet.line.verdicts import NO_RETAKE_LEFT, to_judge
from callsheet.ports.blobs import BlobStore
from callsheet.quality.approved import Likes, usual_for
from callsheet.quality.asked import (
    MOST_PROFILE_CHARS,
    Technical,
    row_is_examined,
    settings_of_quality,
    technical_of,
)
from callsheet.quality.model import Decision
from callsheet.quality.states import Quality
from callsheet.quality.verdicts import Action
from callsheet.settings import read_settings
from callsheet.views.quality import Standing
from callsheet.wiring import Callsheet, build

FRAME = {"prompt": "a red mug on an oak table", "model": "local/storyboard", "size": "256x256"}
DOT = {"prompt": "a dot", "model": "local/dot", "size": "256x256"}  # too small to show anything
ON = {"technical": "on", "retakes": 1}
STRICT = "[checks.still_exposure]\nmin_spread = 255.0\n"  # no picture has that much


@asynccontextmanager
async def standing(tmp_path: Path, url: str) -> AsyncIterator[Callsheet]:
    """Build callsheet; nothing works but what the test does."""
    cs = await build(read_settings(data_dir=tmp_path / "data", database_url=url, workers=1))
    try:
        await cs.ready()
        yield cs
    finally:
        await cs.close()


async def submitted(
    cs: Callsheet, items: Sequence[Mapping[str, Any]], quality: Mapping[str, Any], off: int = 0
) -> JobId:
    """Put a dry run of some rows into the books; `off` is a row that says so."""
    draft = draft_from_items(items, count=len(items), defaults=Defaults(), limits=Limits())
    rows = [replace(row, extra={"Quality": "OFF"} if row.row == off else {}) for row in draft.rows]
    draft = replace(draft, rows=tuple(rows))
    settings = {"quality": dict(quality)}
    return (await cs.submission.submit(LOCAL_WORKSPACE, draft, settings=settings)).job


async def found(cs: Callsheet, job: JobId) -> Job:
    """Read a job."""
    return await cs.views.jobs.find(LOCAL_WORKSPACE, job)


async def run(cs: Callsheet, name: JobId) -> Job:
    """Do the work of a job's stages, each twice, until it rests or is done."""
    works = cs.works(cs.ledger_keeper())
    while (job := await found(cs, name)).work.stage != DONE and not job.work.paused:
        payload: dict[str, Any] = {"job": name, "round": job.work.round}
        for _ in range(2):
            await works[job.work.stage](payload)
            if job.work.stage == "render":
                async with cs.database.read() as connection:
                    takes = await cs.line.books.takes.unordered(connection, name, 0, 100)
                await works[ORDER_WORK]({**payload, "takes": [take for _, take in takes]})
    return job


async def standings(cs: Callsheet, job: JobId) -> list[Standing]:
    """Read how every take of a job stands, by row and attempt."""
    return await cs.views.quality.of_job(job)


async def decide(cs: Callsheet, about: Standing, choice: Choice, reason: str = "") -> None:
    """Decide about a take as it is."""
    take = about.take
    assert take.asset is not None
    assert take.digests.content is not None
    await cs.decisions.decide(
        LOCAL_WORKSPACE,
        take.id,
        choice,
        asset=take.asset,
        content=take.digests.content,
        reason=reason,
        by="anna",
    )


class Unread:
    """A store that nobody may read from."""

    def __init__(self, real: BlobStore) -> None:
        self.real = real

    def stream(self, key: str) -> AsyncIterator[bytes]:
        """Refuse."""
        raise AssertionError(f"{key} is read again")


async def test_what_fails_is_made_again_and_then_waits(tmp_path: Path, database_url: str) -> None:
    """A take fails, and so does its retake; a person decides, and the job goes on."""
    async with standing(tmp_path, database_url) as cs:
        name = await submitted(cs, [FRAME], {**ON, "profile": "strict", "toml": STRICT})
        job = await run(cs, name)
        first, second = await standings(cs, name)
        assert first.quality is Quality.FAIL
        assert [each.action for each in first.verdicts] == [Action.RETAKE]
        assert first.verdicts[0].retake == second.take.id
        assert second.retake_of == first.take.id
        assert (second.take.attempt, second.quality) == (2, Quality.NEEDS_PERSON)
        assert second.verdicts[0].decision is Decision.FAIL
        assert NO_RETAKE_LEFT in second.said
        assert "shows nothing" in second.said
        assert (job.status, job.work.stage) == (JobStatus.WAITING, "qa_tech")
        assert (job.problem or {})["gate"] == "review"
        assert (job.problem or {})["takes"] == 1
        assert job.tally.takes.total == 1
        [waits] = await cs.views.quality.of_job(name, waiting=True)
        assert waits.take.id == second.take.id

        with pytest.raises(TakesUndecidedError, match=second.take.id):
            await cs.control.pass_gate(
                LOCAL_WORKSPACE, name, "review", Agreement("approve", "anna")
            )
        with pytest.raises(TakeFailedError, match="still_exposure"):
            await decide(cs, second, Choice.APPROVE)
        await decide(cs, second, Choice.OVERRIDE, "we want it so")
        job = await run(cs, name)
        assert (job.status, job.work.stage) == (JobStatus.SUCCEEDED, DONE)
        [_, second] = await standings(cs, name)
        assert second.quality is Quality.PASS
        assert second.said == "approved against its checks by anna: we want it so"
        summed = await cs.views.gates.of_job(job)
        gate = summed["gates"]["technical"]
        assert (gate["judged"], gate["retakes"], gate["to_people"]) == (2, 1, 1)
        assert gate["retakes_by_reason"]["still_exposure"] == 1
        assert (gate["not_ordered"], gate["not_ordered_because"]) == (1, {NO_RETAKE_LEFT: 1})
        assert (summed["spent"]["good"], summed["spent"]["charged"]) == (1, "0.000000")
        [told] = [row async for page in cs.views.jobs.pages(job) for row in page]
        [variant] = told["variants"]
        assert (variant["qa"], variant["retake_of"]) == ("pass", first.take.id)
        assert [each["take"] for each in variant["earlier"]] == [first.take.id]


async def test_what_is_rejected_is_not_handed_over(tmp_path: Path, sqlite_url: str) -> None:
    """Its row has no link in the tables, which say who rejected it; a retry makes it again."""
    async with standing(tmp_path, sqlite_url) as cs:
        name = await submitted(cs, [FRAME, DOT], {**ON, "retakes": 0})
        await run(cs, name)
        [_, waits] = await standings(cs, name)
        await decide(cs, waits, Choice.REJECT, "a grey wall")
        job = await run(cs, name)
        assert job.status is JobStatus.PARTIAL
        table = (await cs.store.get(file_key(name, "results.csv"))).decode("utf-8-sig")
        head, kept, rejected = (line.split(",") for line in table.splitlines())
        assert kept[head.index("qa_1")] == "pass"
        assert kept[head.index("link_1")]
        assert rejected[head.index("link_1")] == ""
        assert rejected[head.index("qa_1")] == "fail"
        assert rejected[head.index("qa_note_1")] == "rejected by anna: a grey wall"

        assert await cs.control.retry(LOCAL_WORKSPACE, name) == 1
        await run(cs, name)
        first, *others = await standings(cs, name)
        assert [each.take.attempt for each in others] == [1, 2]
        assert first.take.attempt == 1


async def test_nothing_is_examined_twice(tmp_path: Path, sqlite_url: str) -> None:
    """Asked again, as after a crash, the gate finds what it found; with other rules it looks."""
    async with standing(tmp_path, sqlite_url) as cs:
        name = await submitted(cs, [FRAME], {"technical": "off"})
        await run(cs, name)
        kept = settings_of_quality(ON, live=False, by_default=True)
        job = replace(await found(cs, name), settings=kept)
        async with cs.database.read() as connection:
            _, [row] = await to_judge(cs.line, connection, job, cs.technical)
        [once] = await cs.technical.assess(job, row)
        unread: Any = Unread(cs.store)
        gate = replace(cs.technical, blobs=unread)
        assert await gate.assess(job, row) == [once]
        other = replace(job, settings={"quality": {"profile": "preview", "retakes": 1, "toml": ""}})
        with pytest.raises(AssertionError, match="read again"):
            await gate.assess(other, row)
        [told] = await cs.views.quality.findings(LOCAL_WORKSPACE, str(row.takes[0].asset))
        assert (told["profile"], told["verdict"]) == ("takes", "pass")
        assert "still_exposure" in {each["check"] for each in told["findings"]}


async def test_rows_and_jobs_may_leave_it_off(tmp_path: Path, sqlite_url: str) -> None:
    """A row that says off, and a dry run that says nothing, are delivered unexamined."""
    async with standing(tmp_path, sqlite_url) as cs:
        some = await submitted(cs, [FRAME, DOT], ON, off=2)
        none = await submitted(cs, [DOT], {})
        for name in (some, none):
            assert (await run(cs, name)).status is JobStatus.SUCCEEDED
        assert [len(each.verdicts) for each in await standings(cs, some)] == [1, 0]
        assert [len(each.verdicts) for each in await standings(cs, none)] == [0]


def test_live_jobs_are_examined_unless_they_say_otherwise() -> None:
    """By default, with one retake; a setting of the server says so only where the job does not."""

    def kept(*, live: bool, by_default: bool = True, **asked: Any) -> object:
        return settings_of_quality(asked, live=live, by_default=by_default).get("quality")

    plain = {"profile": "takes", "retakes": Technical().retakes, "toml": ""}
    assert kept(live=True) == plain
    assert kept(live=False) is None
    assert kept(live=True, by_default=False) is None
    assert kept(live=True, technical="off") is None
    assert kept(live=True, by_default=False, technical="on", retakes=0) == {**plain, "retakes": 0}
    for wrong in ({"profile": "/etc/passwd"}, {"retakes": 6}, {"technical": "maybe"}):
        with pytest.raises(InvalidInputError, match=rf"quality\.{next(iter(wrong))}"):
            kept(live=True, **wrong)


def test_only_off_leaves_a_row_out() -> None:
    """Whatever else a team writes into a column of that name is its own business."""
    assert not row_is_examined({"Quality ": " Off"})
    assert row_is_examined({"quality": "HD"})
    assert row_is_examined({"off": "off"})


async def test_what_is_usual_comes_from_what_people_approved(
    tmp_path: Path, database_url: str
) -> None:
    """Five takes are approved: their values have a centre. One that is rejected counts no more."""
    prompts = ("a red mug", "a blue boat", "a green tree", "a white house", "an old road")
    items = [{**FRAME, "prompt": prompt} for prompt in prompts]
    async with standing(tmp_path, database_url) as cs:
        name = await submitted(cs, items, ON)
        await run(cs, name)
        made = await standings(cs, name)
        likes = Likes(LOCAL_WORKSPACE, "local/storyboard", 256, 256)
        for about in made:
            await decide(cs, about, Choice.APPROVE)
        async with cs.database.read() as connection:
            usual = await usual_for(connection, likes)
            others = await usual_for(connection, replace(likes, width=512))
        assert {each.takes for each in usual.values()} == {5}
        assert "still_exposure" in usual
        assert others == {}
        for about in made[:2]:
            await decide(cs, about, Choice.REJECT, "too dark")
        async with cs.database.read() as connection:
            assert await usual_for(connection, likes) == {}  # three are too few


def test_a_profile_of_ones_own_goes_with_the_job(tmp_path: Path) -> None:
    """A file's text is kept, so that any worker has it; naming it asks for an examination."""
    file = tmp_path / "house.toml"
    file.write_text(STRICT)
    asked = read_quality(None, str(file), 2)
    assert asked == {"technical": "on", "profile": "house", "toml": STRICT, "retakes": 2}
    kept = settings_of_quality(asked, live=False, by_default=False)
    assert technical_of(kept) == Technical("house", 2, STRICT)
    assert read_quality(Switch.OFF, "web", None) == {"technical": "off", "profile": "web"}
    too_long = {**asked, "toml": STRICT + "#" * MOST_PROFILE_CHARS}
    with pytest.raises(InvalidInputError, match="characters"):
        settings_of_quality(too_long, live=True, by_default=True)
