"""Answers that hold what was made: once they are in our store, nothing of them is lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.hosted.test_recourses import killed, orders
from tests.sim.simulated import quick
from tests.sim.simulated import serving as simulated
from tests.support.hosted import simulating, submit_live
from tests.support.processes import Place, serving, until

from callsheet.intake.model import RunMode
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.line.stages.render import render
from callsheet.orders.adoption import adopt_output
from callsheet.orders.downloader import OutputDownloader, StoredOutput, write_stored
from callsheet.orders.inline_outputs import PREFIX
from callsheet.orders.kept_answers import sweep_inline_outputs
from callsheet.orders.memory_budget import MemoryBudget
from callsheet.orders.resolutions import Resolution
from callsheet.orders.submitter import Submitter
from callsheet.settings import ProviderSettings, read_settings
from callsheet.sim.openai import create_app
from callsheet.takes.claims import Claim
from callsheet.takes.model import ENDED, Take, TakeStatus
from callsheet.takes.tables import TAKES
from callsheet.wiring import Callsheet, build

MODEL = "openai/gpt-image-2"
ROWS = 8
S = TakeStatus


@asynccontextmanager
async def at_rest(folder: Path) -> AsyncIterator[Callsheet]:
    """Serve the simulator in this process, and wire callsheet against it with none of its loops."""
    async with simulated(create_app(quick())) as base:
        provider = ProviderSettings.model_validate({"base_url": base, "key": "of-the-tests"})
        cs = await build(
            read_settings(
                data_dir=folder / "data",
                database_url=f"sqlite:///{folder}/callsheet.db",
                provider={"openai": provider},
            )
        )
        try:
            await cs.ready()
            yield cs
        finally:
            await cs.close()


async def read(cs: Callsheet, take: Take) -> Take:
    """Read a take as it stands now."""
    return await cs.generations.take(LOCAL_WORKSPACE, take.id)


async def parcels(cs: Callsheet) -> list[str]:
    """List what is kept of answers."""
    return [info.key async for info in cs.line.media.blobs.list(PREFIX)]


async def becomes(cs: Callsheet, take: Take, *statuses: TakeStatus) -> Take:
    """Wait until a take has one of some states, and let the loops look at what falls due."""
    async with asyncio.timeout(30):
        while True:
            now = await read(cs, take)
            if now.status in statuses:
                return now
            cs.line.runtime.wake_downloader.set()
            await asyncio.sleep(0.05)


async def ended(loops: Sequence[asyncio.Task[None]]) -> None:
    """Stop loops."""
    for loop in loops:
        loop.cancel()
    await asyncio.wait(loops)


async def answered(cs: Callsheet) -> Take:
    """Order one picture and stop at once: its answer is kept and written, and not brought home."""
    wish = {"prompt": "a red mug"}
    started = await cs.generations.start(LOCAL_WORKSPACE, MODEL, wish, RunMode.LIVE)
    job = (await cs.generations.take(LOCAL_WORKSPACE, started.take)).job
    await render(cs.stage_tools(cs.ledger_keeper()), {"job": job, "round": 1})  # nobody works here
    ordering = cs.loops.start_all(Submitter(cs.line, "a test").loops())
    try:
        found = await cs.generations.take(LOCAL_WORKSPACE, started.take)
        return await becomes(cs, found, S.ADOPTING)
    finally:
        await ended(ordering)


async def claimed(cs: Callsheet, who: str, hours: int) -> Take:
    """Claim the one take to download it, as if so many hours had gone by."""
    claim = Claim(who, cs.clock() + timedelta(hours=hours), 60)
    async with cs.database.begin() as connection:
        [take] = await cs.line.books.in_flight.claim_to_look_at(connection, {S.ADOPTING}, claim, 9)
    return take


async def put(cs: Callsheet, take: Take, status: TakeStatus, **values: Any) -> Take:
    """Let a take stand in a state as if that had been all that was ever written of it."""
    without: dict[str, Any] = {"ticket": None, "outputs": None, "adopting_at": None}
    if status in {S.RUNNING, S.ADOPTING, *ENDED}:
        without = {}
    async with cs.database.begin() as connection:
        await connection.execute(
            sa.update(TAKES)
            .where(TAKES.c.id == take.id)
            .values(status=status, epoch=TAKES.c.epoch + 1, due_at=None, **without, **values)
        )
    return await read(cs, take)


async def brought(cs: Callsheet, *takes: Take) -> list[Take]:
    """Bring home what is due, until some takes have ended."""
    bringing = cs.loops.start_all(OutputDownloader(cs.line, "a test").loops())
    try:
        return [await becomes(cs, take, *ENDED) for take in takes]
    finally:
        await ended(bringing)


async def held(cs: Callsheet, take: Take) -> str:
    """Tell how much money is set aside for a take's job."""
    async with cs.database.read() as connection:
        return str((await cs.line.jobs.store.of_any_workspace(connection, take.job)).cost.held)


async def test_what_was_not_written_is_not_dropped(tmp_path: Path) -> None:
    """Whoever brought it under an old claim changes nothing; the one who claimed it since does."""
    async with at_rest(tmp_path) as cs:
        await answered(cs)
        late = await claimed(cs, "late", 1)
        ending = await adopt_output(cs.line, late, MemoryBudget(1 << 30))
        current = await claimed(cs, "current", 2)
        await write_stored(cs.line, [StoredOutput(late, ending)])
        assert (await read(cs, late)).status is S.ADOPTING
        assert len(await parcels(cs)) == 1
        ending = await adopt_output(cs.line, current, MemoryBudget(1 << 30))
        await write_stored(cs.line, [StoredOutput(current, ending)])
        assert (await read(cs, late)).status is S.SUCCEEDED
        assert await parcels(cs) == []
        assert await held(cs, late) == "0.000000"


async def test_output_that_is_gone_from_our_store_ends_its_take(tmp_path: Path) -> None:
    """It does not stand at `adopting` for ever with its money set aside: charged, and told."""
    async with at_rest(tmp_path) as cs:
        take = await answered(cs)
        for key in await parcels(cs):
            await cs.line.media.blobs.delete(key)
        [ended] = await brought(cs, take)
        assert (ended.status, (ended.error or {})["code"]) == (S.FAILED, "output_lost")
        assert ended.charged > take.price - take.price
        assert await held(cs, take) == "0.000000"


@pytest.mark.parametrize("status", [S.HELD, S.IN_DOUBT])
async def test_answer_that_nobody_wrote_down_is_found_by_looking(
    tmp_path: Path, status: TakeStatus
) -> None:
    """A take that waits for a person, or to be ordered again, gets what lies in our store."""
    async with at_rest(tmp_path) as cs:
        answer = await answered(cs)
        take = await put(cs, answer, status)
        assert await sweep_inline_outputs(cs.line, cs.clock()) == 0  # its process may be about to
        assert (await read(cs, take)).status is status
        assert await sweep_inline_outputs(cs.line, cs.clock() + timedelta(minutes=2)) == 0
        [ended] = await brought(cs, take)
        assert ended.status is S.SUCCEEDED
        assert ended.flight.ticket == answer.flight.ticket
        assert await held(cs, take) == "0.000000"


async def test_leftovers_are_swept_once_their_takes_have_ended(tmp_path: Path) -> None:
    """A day after a take has what was made; a month where it has not, or where nobody knows it."""
    async with at_rest(tmp_path) as cs:
        take = await answered(cs)
        [key] = await parcels(cs)
        content = await cs.line.media.blobs.get(key)
        assert (await brought(cs, take))[0].asset
        await cs.line.media.blobs.put(key, content, "a/b")
        await cs.line.media.blobs.put(f"{PREFIX}tk_unknown/1-x", content, "a/b")
        assert await sweep_inline_outputs(cs.line, cs.clock() + timedelta(hours=23)) == 0
        assert await sweep_inline_outputs(cs.line, cs.clock() + timedelta(hours=25)) == 1
        assert await parcels(cs) == [f"{PREFIX}tk_unknown/1-x"]
        assert await sweep_inline_outputs(cs.line, cs.clock() + timedelta(days=31)) == 1


@pytest.mark.parametrize("verdict", [*Resolution])
async def test_our_own_store_is_believed_before_a_person(
    tmp_path: Path, verdict: Resolution
) -> None:
    """Whatever is said of a take whose answer lies in our store: it comes home, ordered once."""
    async with at_rest(tmp_path) as cs:
        take = await put(cs, await answered(cs), S.IN_DOUBT)
        await cs.reconciler.decide(LOCAL_WORKSPACE, take.id, verdict, "a test")
        assert (await brought(cs, take))[0].status is S.SUCCEEDED
        assert await held(cs, take) == "0.000000"


async def test_answer_to_an_earlier_order_is_told_as_one_of_two(tmp_path: Path) -> None:
    """The take was ordered again, and that answer is lost: the first comes home, and it is told."""
    async with at_rest(tmp_path) as cs:
        answer = await answered(cs)
        take = await put(cs, answer, S.IN_DOUBT, order_no=answer.flight.order_no + 1)
        await sweep_inline_outputs(cs.line, cs.clock() + timedelta(minutes=2))
        assert (await brought(cs, take))[0].status is S.SUCCEEDED
        async with cs.database.read() as connection:
            told = await cs.line.jobs.store.journal(connection, take.job, 0, 99, "ordered_twice")
        assert [each.body["ticket"] for each in told] == [answer.flight.ticket]


async def test_number_that_a_provider_gives_twice_keeps_both_answers(tmp_path: Path) -> None:
    """Two takes were answered under one number: each has its own picture."""
    async with at_rest(tmp_path) as cs:
        first = await answered(cs)
        async with cs.database.begin() as connection:
            await connection.execute(sa.update(TAKES).values(ticket="req_same"))
        second = await answered(cs)
        [key] = [key for key in await parcels(cs) if second.id in key]
        content = await cs.line.media.blobs.get(key)
        same = content.replace((second.flight.ticket or "").encode(), b"req_same", 1)
        await cs.line.media.blobs.put(key, same, "a/b")
        await put(cs, second, S.IN_DOUBT)
        await sweep_inline_outputs(cs.line, cs.clock() + timedelta(minutes=2))
        ends = await brought(cs, first, second)
        assert [end.status for end in ends] == [S.SUCCEEDED, S.SUCCEEDED]
        assert ends[0].asset != ends[1].asset
        assert ends[0].flight.ticket != ends[1].flight.ticket


@pytest.mark.parametrize("point", ["_write_tickets/before commit"])
def test_answer_that_was_kept_survives_its_process(tmp_path: Path, point: str) -> None:
    """Killed before the answer is written down: it is found in our store, and nobody is asked."""
    with killed(tmp_path, "openai", MODEL, point) as (server, sim, job):
        state = server.wait_for(job, ["succeeded"])
        assert len(orders(sim)) == 1
    assert state["cost"]["held"] == "0.000000"
    assert "take.needs_person" not in (tmp_path / "again.log").read_text()


def test_process_that_stood_still_with_answers_out_brings_them_home(
    tmp_path: Path, postgres_url: str
) -> None:
    """Declared dead with its orders in doubt, it wakes up with the answers: each is its take's."""
    with simulating(tmp_path, provider="openai") as sim:
        prefix = "CALLSHEET_PROVIDER_OPENAI"
        settings = {
            f"{prefix}_BASE_URL": str(sim.http.base_url).rstrip("/"),
            f"{prefix}_KEY": "key-of-the-tests",
            f"{prefix}_SETTLES_S": "60",
        }
        place = Place(tmp_path, postgres_url, settings)
        with serving(place, "web") as server, ExitStack() as ending:
            first = place.start("worker")
            ending.callback(first.kill)
            row = {"prompt": "a mug [[sim: run=3]]", "model": MODEL}
            job = submit_live(server.http, [row] * ROWS)
            until(lambda: len(orders(sim.http)) == ROWS)
            os.kill(first.pid, signal.SIGSTOP)
            other = place.start("worker")
            ending.callback(other.kill)
            until(lambda: server.state(job, rows=0)["counts"]["in_doubt"] >= ROWS - 1)
            os.kill(first.pid, signal.SIGCONT)
            state = server.wait_for(job, ["succeeded"], timeout_s=60)
            assert len(orders(sim.http)) == ROWS
            assert state["cost"]["held"] == "0.000000"
        assert "take.needs_person" not in place.log("worker")
