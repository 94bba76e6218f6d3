"""Orders that never end: stopped at the model's time limit, and left to a person if they go on."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.hosted import IMAGE, KEY, Simulator, check_money, simulating
from tests.support.processes import Place

from callsheet.intake.model import RunMode
from callsheet.kernel.ids import LOCAL_WORKSPACE, TakeId
from callsheet.line.hosted.verdicts import Verdict
from callsheet.ports.models import Catalog, ModelCard
from callsheet.settings import ProviderSettings, read_settings
from callsheet.takes.model import Take, TakeStatus
from callsheet.views.takes import explained
from callsheet.wiring import Callsheet, build

LIMIT_S = 2.0


@dataclass(frozen=True)
class Hurried:
    """The catalog, with models that must be done in two seconds."""

    real: Catalog

    def card(self, model: str) -> ModelCard:
        """Find a card."""
        return replace(self.real.card(model), time_limit_s=LIMIT_S, expected_s=0.5)

    def cards(self) -> Sequence[ModelCard]:
        """List all cards."""
        return [self.card(card.id) for card in self.real.cards()]


@asynccontextmanager
async def working(tmp_path: Path, sim: Simulator) -> AsyncIterator[Callsheet]:
    """Work in this process against a simulator."""
    base = f"http://127.0.0.1:{sim.port}"
    provider = ProviderSettings.model_validate({"base_url": base, "key": KEY, "settles_s": 3.0})
    cs = build(
        read_settings(
            data_dir=tmp_path / "data",
            database_url=f"sqlite:///{tmp_path}/callsheet.db",
            provider={"replicate": provider},
        )
    )
    cs = with_catalog(cs, Hurried(cs.house.catalog))
    try:
        await cs.ready()
        async with cs.working():
            yield cs
    finally:
        await cs.close()


def with_catalog(cs: Callsheet, catalog: Catalog) -> Callsheet:
    """Give all that works in a house another catalog."""
    house = replace(cs.house, catalog=catalog)
    parts: Mapping[str, Any] = {
        name: replace(getattr(cs, name), house=house)
        for name in ("submission", "generations", "control", "restorer", "reconciler")
    }
    return replace(cs, house=house, **parts)


async def generated(cs: Callsheet, prompt: str) -> Take:
    """Ask for one picture and wait until something about it can be told."""
    inputs = {"prompt": prompt, "width": 256, "height": 256}
    started = await cs.generations.start(LOCAL_WORKSPACE, IMAGE, inputs, RunMode.LIVE)
    return await settled(cs, started.take)


async def settled(cs: Callsheet, take_id: TakeId) -> Take:
    """Wait until a take has ended or rests in doubt."""
    async with asyncio.timeout(40):
        while True:
            take = await cs.generations.take(LOCAL_WORKSPACE, take_id)
            rests = take.status is TakeStatus.IN_DOUBT and take.due_at is None
            if rests or take.finished_at is not None:
                return take
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("fault", ["never_ends", "never_starts"])
async def test_order_that_never_ends_is_stopped(tmp_path: Path, fault: str) -> None:
    """At the limit the provider is told to stop; the take fails by name, and costs nothing."""
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            take = await generated(cs, f"a lighthouse [[sim: {fault}]]")
        assert take.status is TakeStatus.FAILED
        assert (take.error or {})["code"] == "time_limit"
        assert sim.orders()[0]["status"] in ("canceled", "aborted")
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 1)


async def test_order_that_cannot_be_stopped_waits_for_a_person(tmp_path: Path) -> None:
    """Its money stays set aside until somebody says what became of it."""
    with simulating(tmp_path) as sim:
        async with working(tmp_path, sim) as cs:
            mark = "[[sim: never_ends, cancel_fail=500, cancel_times=1000]]"
            take = await generated(cs, f"a lighthouse {mark}")
            assert take.status is TakeStatus.IN_DOUBT
            assert take.held_on
            assert f"callsheet takes reconcile {take.id}" in explained(take)
            await cs.reconciler.decide(LOCAL_WORKSPACE, take.id, Verdict.SPENT, "a test")
            take = await settled(cs, take.id)
        assert take.status is TakeStatus.FAILED
        assert (take.error or {})["code"] == "spent_and_lost"
        assert take.charged == take.price
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 1)
