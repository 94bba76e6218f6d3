"""Callsheet at work in the test's own process, against a simulated Replicate."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from callsheet.intake.model import RunMode
from callsheet.kernel.ids import LOCAL_WORKSPACE, TakeId
from callsheet.ports.models import Catalog, ModelCard
from callsheet.settings import ProviderSettings, read_settings
from callsheet.takes.model import Take, TakeStatus
from callsheet.wiring import Callsheet, build
from tests.support.hosted import IMAGE, KEY, Simulator
from tests.support.templates import lay_sqlite

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

    def form(self, model: str) -> Mapping[str, Any]:
        """Describe a model's inputs."""
        return self.real.form(model)


@asynccontextmanager
async def working(
    tmp_path: Path,
    sim: Simulator,
    seen: Callable[[Catalog], Catalog] = Hurried,
    database_url: str = "",
) -> AsyncIterator[Callsheet]:
    """Work in this process against a simulator, with the catalog as `seen` shows it.

    Without a database's address it is a new one in the folder.
    """
    if not database_url:
        lay_sqlite(tmp_path / "callsheet.db")
    base = f"http://127.0.0.1:{sim.port}"
    provider = ProviderSettings.model_validate({"base_url": base, "key": KEY, "settles_s": 3.0})
    cs = await build(
        read_settings(
            data_dir=tmp_path / "data",
            database_url=database_url or f"sqlite:///{tmp_path}/callsheet.db",
            provider={"replicate": provider},
            qa_technical="off",  # but where that is what is tested: it takes its time
        )
    )
    cs = with_catalog(cs, seen(cs.line.providers.catalog))
    try:
        await cs.ready()
        async with cs.working():
            yield cs
    finally:
        await cs.close()


def with_catalog(cs: Callsheet, catalog: Catalog) -> Callsheet:
    """Give all that works another catalog."""
    line = replace(cs.line, providers=replace(cs.line.providers, catalog=catalog))
    parts: Mapping[str, Any] = {
        name: replace(getattr(cs, name), ctx=line)
        for name in ("submission", "generations", "control", "restorer", "reconciler")
    }
    return replace(cs, line=line, **parts)


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
            rests = take.status is TakeStatus.IN_DOUBT and take.flight.due_at is None
            if rests or take.times.finished_at is not None:
                return take
            await asyncio.sleep(0.1)
