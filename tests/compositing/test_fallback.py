"""Composites with a hosted model behind them: whatever it does, there is a picture, paid once."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from tests.compositing.making import as_file, table, tin
from tests.support.hosted import KEY, Simulator, check_money, simulating
from tests.support.in_process import settled
from tests.support.processes import Place

from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.line.composites import Asked
from callsheet.settings import ProviderSettings, read_settings
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.tables import TAKES
from callsheet.wiring import Callsheet, build

KONTEXT = "replicate/multi-image-kontext-pro"


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with simulating(tmp_path_factory.mktemp("sim")) as running:
        yield running


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    return simulator.fresh()


@asynccontextmanager
async def working(tmp_path: Path, sim: Simulator, **given: Any) -> AsyncIterator[Callsheet]:
    """Work in this process, with the hosted model confirmed and on."""
    base = f"http://127.0.0.1:{sim.port}"
    provider = ProviderSettings.model_validate({"base_url": base, "key": KEY, "settles_s": 3.0})
    settings: dict[str, Any] = {
        "use_kontext_composite": True,
        "data_dir": tmp_path / "data",
        "database_url": f"sqlite:///{tmp_path}/callsheet.db",
        "provider": {"replicate": provider},
    }
    cs = await build(read_settings(**{**settings, **given}))
    try:
        await cs.ready()
        await cs.switches.turn(KONTEXT, enabled=True, reason="")
        async with cs.working():
            yield cs
    finally:
        await cs.close()


async def composed(cs: Callsheet, prompt: str = "", method: str = "") -> list[Take]:
    """Ask for one composite; answers its takes, the last of which is what it came to."""
    asked = Asked(as_file(table()), [as_file(tin())], method, prompt)
    started = await cs.composites.start(LOCAL_WORKSPACE, asked)
    first = await settled(cs, started.take)
    newest = await settled(cs, await newest_take(cs, first))
    return [first] if first.id == newest.id else [first, newest]


async def newest_take(cs: Callsheet, first: Take) -> Any:
    async with cs.database.read() as connection:
        query = sa.select(TAKES.c.id).where(TAKES.c.job == first.job)
        query = query.order_by(TAKES.c.attempt.desc()).limit(1)
        return await connection.scalar(query)


@pytest.mark.parametrize(
    ("fault", "charged"),
    [
        ("", True),
        ("refuse", False),
        ("error=nsfw", False),
        ("output=other", True),
        ("fail_after_accept=500", True),
    ],
)
async def test_hosted_composite_always_comes_to_a_picture(
    tmp_path: Path, sim: Simulator, fault: str, *, charged: bool
) -> None:
    """One order, one charge at most, and a local take that says why it was needed."""
    prompt = f"the tin [[sim: {fault}]]" if fault else "the tin"
    async with working(tmp_path, sim) as cs:
        hosted, local = await composed(cs, prompt)
    assert (hosted.model, local.model) == (KONTEXT, "local/composite")
    assert local.status is TakeStatus.SUCCEEDED
    assert local.charged.micros == 0
    assert (hosted.charged.micros > 0) is charged
    if charged:
        assert local.note is not None
        assert "hosted answer refused" in local.note  # the simulator draws no tin
    else:
        assert local.inputs["fell_back"]
    check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim)
    assert len(sim.orders()) == (0 if fault == "refuse" else 1)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"use_kontext_composite": False}, "USE_KONTEXT_COMPOSITE"),
        ({"kontext_model_id": "replicate/no-such-model"}, "no-such-model"),
        ({"max_kontext_per_hour": 0}, "in an hour is reached"),
        ({"kontext_daily_generation_limit": 0}, "in a day is reached"),
        ({"max_concurrent_kontext": 0}, "at a time is reached"),
        ({"provider": {}}, "key"),
    ],
)
async def test_what_is_not_ordered_says_why(
    tmp_path: Path, sim: Simulator, given: dict[str, Any], reason: str
) -> None:
    """Off, a wrong model, a limit or no key: local at once, and nothing goes out."""
    async with working(tmp_path, sim, **given) as cs:
        [only] = await composed(cs)
    assert only.model == "local/composite"
    assert only.status is TakeStatus.SUCCEEDED
    assert reason in only.inputs["fell_back"]
    assert sim.orders() == []


async def test_limit_is_counted_over_composites(tmp_path: Path, sim: Simulator) -> None:
    """The third composite of an hour with a limit of two is local."""
    async with working(tmp_path, sim, max_kontext_per_hour=2) as cs:
        takes = [await composed(cs) for _ in range(3)]
    assert [len(each) for each in takes] == [2, 2, 1]
    assert len(sim.orders()) == 2


async def test_method_pil_asks_nobody(tmp_path: Path, sim: Simulator) -> None:
    async with working(tmp_path, sim) as cs:
        [only] = await composed(cs, method="pil")
    assert only.inputs["fell_back"] == ""
    assert sim.orders() == []
