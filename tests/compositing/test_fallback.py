"""Composites with a hosted model behind them: whatever it does, there is a picture, paid once."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.compositing.working import (
    KONTEXT,
    asked,
    built,
    composed,
    finished,
    jobs_of,
    state_of,
    working,
)
from tests.support.hosted import Simulator, check_money, simulating
from tests.support.in_process import settled
from tests.support.processes import Place

from callsheet.jobs.model import JobStatus
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.orders.submitter import Submitter
from callsheet.takes.model import Take, TakeStatus
from callsheet.wiring import Callsheet


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulating(tmp_path_factory.mktemp("sim")) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    return simulator.fresh()


FAULTS = {  # fault -> orders that the provider took, what is charged of them, the reason's code
    "": (1, True, ""),
    "refuse": (0, False, "provider_refused"),
    "error=nsfw": (1, False, "moderated"),
    "error=memory": (1, False, "provider_refused"),
    "output=html": (1, True, "unreadable_picture"),
    "output=truncated": (1, True, "unreadable_picture"),
    "shape=null": (1, True, "output_lost"),
    "malformed": (1, True, ""),
    "fail_after_accept=500": (1, True, ""),
    "reset_before_accept": (0, False, "timeout"),
    "reset_after_accept": (1, True, ""),
    "get_fail=500": (1, True, ""),
    "run=12": (1, True, "timeout"),
}


async def test_whatever_happens_a_composite_comes_to_a_picture(
    tmp_path: Path, sim: Simulator
) -> None:
    """Each has one order and one charge at most, and a local take that says why it was needed."""
    async with working(tmp_path, sim, kontext_timeout_seconds=8.0, max_concurrent_kontext=99) as cs:
        firsts = {
            fault: await asked(cs, f"the tin [[sim: {fault}]]" if fault else "the tin")
            for fault in FAULTS
        }
        for fault, (_, charged, code) in FAULTS.items():
            takes = await cs.composites.wait(firsts[fault], 60)
            local = takes[-1]
            assert (local.model, local.status) == ("local/composite", TakeStatus.SUCCEEDED), fault
            assert local.charged.micros == 0, fault
            assert local.inputs["fell_back"].partition(":")[0] == code, fault
            if not code:  # an answer came; the simulator draws no tin
                assert "hosted answer refused" in (local.note or ""), fault
            hosted = await settled(cs, firsts[fault].id)  # followed to its end, whatever came first
            assert (hosted.charged.micros > 0) is charged, fault
        jobs = await jobs_of(cs)
        late = await state_of(cs, firsts["run=12"].job)
    assert sum(orders for orders, _, _ in FAULTS.values()) == len(sim.orders())
    assert {(job.tally.takes.succeeded, job.tally.takes.total) for job in jobs} == {(1, 1)}
    [variant] = late[0]["variants"]
    assert [(each["cost"], each["status"]) for each in variant["earlier"]] == [
        ("0.080000", "succeeded")
    ]
    check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim)


async def test_provider_that_takes_no_order_stops_no_composite(
    tmp_path: Path, sim: Simulator
) -> None:
    """Nobody has to set the key right first: that composite is local, and so is the next."""
    async with working(tmp_path, sim) as cs:
        made = [await composed(cs, "tin [[sim: unauthorized]]"), await composed(cs, "tin")]
        jobs = [await finished(cs, hosted.job) for hosted, _ in made]
    for hosted, local in made:
        assert (hosted.status, hosted.charged.micros) == (TakeStatus.FAILED, 0)
        assert local.inputs["fell_back"].startswith("provider_blocked: replicate: ")
        assert local.status is TakeStatus.SUCCEEDED
    assert [job.status for job in jobs] == [JobStatus.SUCCEEDED] * 2
    assert sim.orders() == []


async def test_rest_that_a_provider_asks_for_is_not_waited_for(
    tmp_path: Path, sim: Simulator
) -> None:
    async with working(tmp_path, sim, kontext_timeout_seconds=1.0) as cs:
        hosted, local = await composed(cs, "tin [[sim: throttle=60]]")
    assert (hosted.status, hosted.charged.micros) == (TakeStatus.FAILED, 0)
    assert local.inputs["fell_back"].startswith("timeout: ")
    check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim)


NOT_ORDERED: list[tuple[dict[str, Any], str]] = [
    ({"USE_KONTEXT_COMPOSITE": False}, "composites_off: "),
    ({"KONTEXT_MODEL_ID": "replicate/no-such-model"}, "unknown_model: KONTEXT_MODEL_ID: "),
    ({"KONTEXT_MODEL_ID": "replicate/flux-schnell"}, "unknown_model: KONTEXT_MODEL_ID: "),
    ({"KONTEXT_MODEL_ID": "replicate/multi-image-kontext-max"}, "model_off: "),
    ({"MAX_KONTEXT_PER_HOUR": 0}, "composite_limit: the limit of hosted composites in an hour"),
    ({"KONTEXT_DAILY_GENERATION_LIMIT": 0}, "composite_limit: the limit of hosted composites in a"),
    ({"MAX_CONCURRENT_KONTEXT": 0}, "composite_limit: the limit of hosted composites at a time"),
    ({"KONTEXT_PERCENT": 0}, "percent: "),
    ({"COMPOSITE_METHOD": "pil"}, ""),
]


async def test_what_is_not_ordered_says_why(tmp_path: Path, sim: Simulator) -> None:
    """Settings hold as soon as they are changed: what is asked for then is local."""
    async with built(tmp_path, sim) as cs:
        for changes, reason in NOT_ORDERED:
            await cs.composite_settings.change(changes, by="maya")
            take = await asked(cs)
            assert take.model == "local/composite"
            assert take.inputs["fell_back"].startswith(reason), changes
            assert bool(take.inputs["fell_back"]) is bool(reason)
            await cs.composite_settings.change(dict.fromkeys(changes), by="maya")
        take = await asked(cs, method="pil")
        assert (take.model, take.inputs["fell_back"]) == ("local/composite", "")
        assert (await asked(cs)).model == KONTEXT


async def test_no_key_is_said(tmp_path: Path, sim: Simulator) -> None:
    async with built(tmp_path, sim, provider={}) as cs:
        take = await asked(cs)
    assert take.inputs["fell_back"].startswith("no_key: ")


async def test_limit_is_counted_where_orders_are_let_go(tmp_path: Path, sim: Simulator) -> None:
    """The third composite of an hour with a limit of two is local, and nothing is held for it."""
    async with working(tmp_path, sim, max_kontext_per_hour=2) as cs:
        takes = [await composed(cs) for _ in range(3)]
        status, reasons = (await cs.views.composites.lately(LOCAL_WORKSPACE)).health()
    hosted, local = takes[2]
    assert (hosted.error or {})["code"] == "composite_limit"
    assert hosted.times.ordered_at is None
    assert local.inputs["fell_back"].startswith("composite_limit: ")
    assert len(sim.orders()) == 2
    assert status == "degraded"
    assert "fell back" in reasons[0]
    check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim)


@pytest.mark.parametrize("limit", ["max_kontext_per_hour", "max_concurrent_kontext"])
async def test_many_that_order_at_once_pass_no_limit(
    tmp_path: Path, sim: Simulator, postgres_url: str, limit: str
) -> None:
    """Eight services, each with connections of its own, let three of sixteen composites go."""
    async with AsyncExitStack() as stack:
        services = [
            await stack.enter_async_context(
                built(tmp_path / str(each), sim, postgres_url, **{limit: 3})
            )
            for each in range(8)
        ]
        first = services[0]
        takes = [await asked(first, "tin [[sim: never_ends]]") for _ in range(16)]
        async with first.database.begin() as connection:  # as the stage does that is not run here
            ids = [take.id for take in takes]
            now = first.clock()
            await first.line.books.in_flight.release(connection, ids, 1, now)
        orderers = [Submitter(cs.line, f"orderer-{n}") for n, cs in enumerate(services)]
        tasks = [
            task
            for cs, orderer in zip(services, orderers, strict=True)
            for task in cs.loops.start_all(orderer.loops())
        ]
        async with asyncio.timeout(40):
            while len(sim.orders()) < 3 or await refused(first, takes) < 13:
                for cs in services:
                    cs.line.runtime.wake_submitter.set()
                await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert len(sim.orders()) == 3


async def refused(cs: Callsheet, takes: list[Take]) -> int:
    """Count takes that a limit refused."""
    stand = [await cs.generations.take(LOCAL_WORKSPACE, take.id) for take in takes]
    return sum((take.error or {}).get("code") == "composite_limit" for take in stand)
