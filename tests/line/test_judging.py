"""A model that sees judges takes: its askings are orders like any other, its answers verdicts."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults, RunMode
from callsheet.intake.rows import draft_from_items
from callsheet.jobs.decisions import DECISIONS, Choice
from callsheet.jobs.model import Job
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId, TakeId
from callsheet.ports.models import UnknownModelError
from callsheet.quality.judge.calibration import is_sampled
from callsheet.quality.judge.store import JUDGINGS
from callsheet.quality.judge.wish import InvalidJudgeError
from callsheet.quality.verdicts import TakeVerdict
from callsheet.settings import ProviderSettings, read_settings
from callsheet.sim.gemini import create_app as simulator
from callsheet.takes.model import NO_ROW, Take, TakeStatus
from callsheet.takes.schedule import MAX_TRIES
from callsheet.takes.tables import TAKES
from callsheet.views.judging import calibration_document
from callsheet.web.app import create_app
from callsheet.wiring import Callsheet, build
from tests.sim.simulated import quick, serving
from tests.support.plain import NO_TLS

PICTURE = "gemini/gemini-3-1-flash-lite-image"
JUDGE = "gemini/gemini-3-8-flash"


@dataclass
class AtWork:
    """callsheet at work in this process, and the simulator that its orders go to."""

    cs: Callsheet
    simulator: str

    async def orders(self) -> int:
        """Count the orders that the simulator ever accepted."""
        async with httpx2.AsyncClient(trust_env=False, verify=NO_TLS) as http:
            answer = await http.get(f"{self.simulator}/_admin/ledger", params={"limit": 1_000})
        return len(answer.json()["orders"])


@asynccontextmanager
async def at_work(folder: Path, key: str | None = "key-of-tests") -> AsyncIterator[AtWork]:
    """Serve the simulator and let callsheet work in this process."""
    async with serving(simulator(quick())) as base:
        provider = ProviderSettings.model_validate(
            {"base_url": base, **({"key": key} if key else {})}
        )
        cs = await build(
            read_settings(
                data_dir=folder / "data",
                database_url=f"sqlite:///{folder}/callsheet.db",
                provider={"gemini": provider},
            )
        )
        try:
            await cs.ready()
            async with cs.working():
                yield AtWork(cs, base)
        finally:
            await cs.close()


async def submitted(
    cs: Callsheet,
    prompts: Sequence[str],
    quality: Mapping[str, Any],
    mode: RunMode = RunMode.LIVE,
    model: str = PICTURE,
) -> JobId:
    """Begin a batch of pictures, one for each prompt."""
    items = [{"prompt": each, "model": model, "size": "1024x1024"} for each in prompts]
    draft = draft_from_items(
        items, count=len(items), defaults=Defaults(run_mode=mode), limits=Limits(50, 4)
    )
    settings = {"quality": {"technical": "off", **quality}}
    return (await cs.submission.submit(LOCAL_WORKSPACE, draft, settings=settings)).job


async def ended(cs: Callsheet, job: JobId) -> Job:
    """Wait until a job is delivered, or rests at a gate."""
    while True:
        async with cs.database.read() as connection:
            found = await cs.line.jobs.store.of_any_workspace(connection, job)
        if found.work.paused or found.ended:
            return found
        await cs.line.jobs.notifier.wait(job, found.work.sequence, 10)


async def until(count: Callable[[], Awaitable[int]], most: int) -> None:
    """Wait until something counts as many."""
    async with asyncio.timeout(30):
        while await count() < most:  # noqa: ASYNC110  # another process might do it
            await asyncio.sleep(0.05)


async def verdicts_of(cs: Callsheet, job: JobId) -> tuple[list[Take], dict[int, list[TakeVerdict]]]:
    """Read a job's takes, and what was decided about them by row."""
    async with cs.database.read() as connection:
        takes = await cs.line.books.takes.of_rows(connection, job, NO_ROW, 99)
        found = await cs.line.verdicts.of_takes(connection, [take.id for take in takes])
    by_row: dict[int, list[TakeVerdict]] = {}
    for take in takes:
        by_row.setdefault(take.row, []).extend(found.get(take.id, []))
    return takes, by_row


async def whole(cs: Callsheet, take: TakeId | None) -> Take:
    """Read a take with its inputs."""
    assert take is not None
    async with cs.database.read() as connection:
        return await cs.line.books.takes.of_any_workspace(connection, take)


async def executed(cs: Callsheet, statement: sa.Update | sa.Insert, rows: Any = None) -> int:
    """Write to the database as if time had passed, or much had happened before."""
    async with cs.database.begin() as connection:
        return (await connection.execute(statement, rows)).rowcount


async def seeded(cs: Callsheet, job: Job, decisions: int) -> None:
    """Let the judge have passed takes like this job's one before, and people have agreed."""
    async with cs.database.read() as connection:
        like = (await connection.execute(sa.select(JUDGINGS))).mappings().one()
    names = [f"tk_before{n}" for n in range(decisions)]
    judged = [{**like, "take": name} for name in names]
    agreed = [
        {
            "id": f"dc_{name}",
            "job": job.id,
            "take": name,
            "choice": Choice.APPROVE,
            "asset": like["asset"],
            "content_digest": "-",
            "reason": "",
            "by": "a test",
            "at": like["at"],
        }
        for name in names
    ]
    await executed(cs, sa.insert(JUDGINGS), judged)
    await executed(cs, sa.insert(DECISIONS), agreed)


WAYS = {
    "pass": ("person", "left to you: 0 of 20 decisions"),
    "fail": ("person", "this job allows no further retake"),
    "fail+pass": ("person", "left to you: 0 of 20 decisions"),
    "contradict": ("person", "it contradicts its own reason"),
    "unreasoned": ("person", "its reason draws no conclusion"),
    "refuse": ("person", "the judge refused"),
    "half": ("person", "there is none"),
    "broken": ("person", "the judge's answer cannot be read"),
    "broken_once": ("person", "left to you: 0 of 20 decisions"),
    "waver": ("person", "the askings disagree"),
    "instruct": ("person", "instructs its judge"),
    "anatomy": ("person", "this job allows no further retake"),
}
# orders: a picture and three askings; another picture and its askings; askings repeated twice
ORDERS = {"fail": 8, "fail+pass": 8, "anatomy": 8, "broken": 10, "broken_once": 7}


async def test_nothing_passes_that_the_judge_may_not_pass_alone(tmp_path: Path) -> None:
    """However it answers a person is asked; what fails is made again, told what was seen."""
    prompts = [f"a red mug, number {n} on oak [[sim: judge={way}]]" for n, way in enumerate(WAYS)]
    async with at_work(tmp_path) as work:
        cs = work.cs
        job = await submitted(cs, prompts, {"judge": JUDGE})
        found = await ended(cs, job)
        assert found.problem is not None
        assert (found.problem["gate"], found.problem["takes"]) == ("review", len(WAYS))
        assert (found.tally.takes.succeeded, found.tally.takes.total) == (len(WAYS), len(WAYS))
        takes, verdicts = await verdicts_of(cs, job)
        for row, (way, (action, said)) in enumerate(WAYS.items(), 1):
            last = verdicts[row][-1]
            told = " ".join([last.why, *(each.sentence for each in last.observations)])
            assert (last.action, said in told) == (action, True), (way, told)
        failed = verdicts[list(WAYS).index("anatomy") + 1][0]
        assert (failed.decision, failed.action) == ("fail", "retake")
        again = await whole(cs, failed.retake)
        assert "anatomy: the simulated judge saw that bodies is yes" in again.inputs["prompt"]

        # every order was written down, sent once, charged once, and nothing is left set aside
        assert await work.orders() == 4 * (len(WAYS) - len(ORDERS)) + sum(ORDERS.values())
        assert sum(take.charged.micros for take in takes) == found.cost.charged.micros
        assert found.cost.held.micros == 0
        assert found.cost.charged < found.cost.quoted
        tries = [take.attempt for take in takes if take.row == NO_ROW]
        assert Counter(tries) == {1: 3 * (len(WAYS) + 3), 2: 6, 3: 3}


async def test_equal_questions_about_equal_pictures_are_paid_for_once(tmp_path: Path) -> None:
    """The same sheet again, with two askings more: only these are ordered."""
    async with at_work(tmp_path) as work:
        cs = work.cs
        job = await submitted(cs, ["a blue jug"], {"semantic": "on"}, model="local/dot")
        first = await ended(cs, job)
        assert await work.orders() == 3
        five = {"semantic": "on", "askings": 5}
        again = await submitted(cs, ["a blue jug"], five, model="local/dot")
        found = await ended(cs, again)
        assert await work.orders() == 3 + 2
        assert found.problem == {**(first.problem or {}), "message": found.problem["message"]}  # type: ignore[index]
        _, verdicts = await verdicts_of(cs, again)
        assert verdicts[1][0].rules == f"{JUDGE}, asked 5 times, careful"


async def test_what_cannot_be_asked_is_a_persons(tmp_path: Path) -> None:
    """With the judge switched off nothing is asked and nothing passes; what is odd is refused."""
    async with at_work(tmp_path) as work:
        cs = work.cs
        await cs.switches.turn(JUDGE, enabled=False, reason="too dear")
        job = await submitted(cs, ["a blue jug"], {"semantic": "on"})
        found = await ended(cs, job)
        assert (found.problem or {})["takes"] == 1
        _, verdicts = await verdicts_of(cs, job)
        [only] = verdicts[1]
        assert only.action == "person"
        assert "not assessed" in only.observations[0].sentence
        assert "too dear" in only.observations[0].sentence
        assert await work.orders() == 1

        dry = await ended(cs, await submitted(cs, ["x"], {"semantic": "on"}, RunMode.DRY_RUN))
        assert dry.status == "succeeded"
        for quality in (
            {"judge": PICTURE},
            {"semantic": "on", "askings": 0},
            {"semantic": "maybe"},
            {"judge": JUDGE, "point": "blind"},
        ):
            with pytest.raises(InvalidJudgeError, match=r"quality\."):
                await submitted(cs, ["x"], quality)
        with pytest.raises(UnknownModelError):
            await submitted(cs, ["x"], {"judge": "gemini/none"})


async def test_without_a_key_nothing_is_asked(tmp_path: Path) -> None:
    """Local pictures of a live job; their judge has no key: a person is asked, and told why."""
    async with at_work(tmp_path, key=None) as work:
        job = await submitted(work.cs, ["x"], {"semantic": "on"}, model="local/dot")
        found = await ended(work.cs, job)
        _, verdicts = await verdicts_of(work.cs, job)
        assert (found.problem or {})["takes"] == 1
        assert "there is no key for" in verdicts[1][0].observations[0].sentence
        assert await work.orders() == 0


async def test_a_judge_that_is_down_passes_nothing(tmp_path: Path) -> None:
    """Its takes are tried as often as any order, and then a person is asked."""
    async with at_work(tmp_path) as work:
        cs = work.cs
        job = await submitted(cs, ["a jug [[sim: judge=down]]"], {"semantic": "on"})
        tried = sa.update(TAKES).where(
            TAKES.c.row == NO_ROW, TAKES.c.tries.between(1, MAX_TRIES - 2)
        )
        nearly, moved = tried.values(tries=MAX_TRIES - 1, due_at=0.0), 0

        async def moved_on() -> int:
            nonlocal moved  # they are tried one after the other, each in its own time
            moved += await executed(cs, nearly)
            return moved

        await until(moved_on, 3)
        cs.line.runtime.wake_submitter.set()
        found = await ended(cs, job)
        _, verdicts = await verdicts_of(cs, job)
        assert (found.problem or {})["takes"] == 1
        assert "the judge did not answer" in verdicts[1][0].observations[0].sentence
        assert await work.orders() == 1


async def test_a_judge_that_has_proved_itself_passes_alone(tmp_path: Path) -> None:
    """With enough decisions of people nine in ten go on alone; what was compared is shown."""
    async with at_work(tmp_path) as work:
        cs = work.cs
        prompts = [f"a red mug of {letter * 3}" for letter in "abcdefghijkl"]
        first = await ended(cs, await submitted(cs, prompts[:1], {"semantic": "on"}))
        await seeded(cs, first, 24)
        job = await submitted(cs, prompts, {"semantic": "on", "point": "fast"})
        found = await ended(cs, job)
        takes, verdicts = await verdicts_of(cs, job)
        sampled = {take.row for take in takes if take.row and is_sampled(take.id, str(take.asset))}
        passed = {row for row, of_row in verdicts.items() if row and of_row[0].action == "pass"}
        assert passed == set(range(1, 13)) - sampled
        assert found.ended is not bool(sampled)

        calibration = await cs.views.judges.calibration(LOCAL_WORKSPACE)
        told = calibration_document(calibration)["judges"][0]
        assert told["may_pass_alone"] == {"careful": False, "fast": True}
        everything = told["failures"][0]
        assert (everything["failure"], everything["decisions"]) == ("any", 24)
        assert everything["false_pass_rate_interval"] == [0.0, 0.138]
        async with (
            serving(create_app(cs, bound="127.0.0.1")) as base,
            httpx2.AsyncClient(base_url=base, trust_env=False, verify=NO_TLS) as http,
        ):
            answer = await http.get("/api/judge/calibration")
            assert answer.json()["judges"] == [told]
            about = (await http.get(f"/api/judge/takes/{takes[-1].id}")).json()
        assert about[0]["scores"]["overall"] == 10.0
        assert len(about[0]["askings"]) == 3


async def test_cancelling_ends_what_asks(tmp_path: Path) -> None:
    """A job that is cancelled while its judge is down orders nothing more and holds nothing."""
    async with at_work(tmp_path) as work:
        cs = work.cs
        job = await submitted(cs, ["a jug [[sim: judge=down]]"], {"semantic": "on"})
        tried = sa.update(TAKES).where(TAKES.c.row == NO_ROW, TAKES.c.tries > 0)
        await until(lambda: executed(cs, tried.values(rank=1)), 3)
        await cs.control.cancel(LOCAL_WORKSPACE, job)
        found = await ended(cs, job)
        takes, _ = await verdicts_of(cs, job)
        assert {take.status for take in takes if take.row == NO_ROW} == {TakeStatus.CANCELLED}
        assert (found.status, found.cost.held.micros) == ("cancelled", 0)
        assert found.tally.takes.cancelled == 0
