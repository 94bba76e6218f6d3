"""Callsheet at work in the test's own process, with a simulated model for composites behind it."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.compositing.making import as_file, table, tin
from tests.support.hosted import KEY, Simulator
from tests.support.in_process import settled, with_catalog
from tests.support.templates import lay_sqlite

from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults
from callsheet.intake.rows import draft_from_items
from callsheet.jobs.model import FINISHED, Job
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.line.composites import Asked
from callsheet.ports.models import Catalog, ModelCard
from callsheet.settings import ProviderSettings, read_settings
from callsheet.takes.model import Take
from callsheet.takes.tables import TAKES, take_of
from callsheet.wiring import Callsheet, build

KONTEXT = "replicate/multi-image-kontext-pro"


@dataclass(frozen=True)
class Prompt:
    """The catalog, with models that are asked about soon."""

    real: Catalog

    def card(self, model: str) -> ModelCard:
        """Find a card."""
        return replace(self.real.card(model), expected_s=0.5)

    def cards(self) -> Sequence[ModelCard]:
        """List all cards."""
        return [self.card(card.id) for card in self.real.cards()]

    def form(self, model: str) -> Mapping[str, Any]:
        """Describe a model's inputs."""
        return self.real.form(model)


@asynccontextmanager
async def built(
    tmp_path: Path, sim: Simulator, database_url: str = "", **given: Any
) -> AsyncIterator[Callsheet]:
    """Build a callsheet with the hosted model confirmed and on, that does no work yet."""
    if not database_url:
        lay_sqlite(tmp_path / "callsheet.db")
    base = f"http://127.0.0.1:{sim.port}"
    provider = ProviderSettings.model_validate({"base_url": base, "key": KEY, "settles_s": 3.0})
    settings: dict[str, Any] = {
        "use_kontext_composite": True,
        "data_dir": tmp_path / "data",
        "database_url": database_url or f"sqlite:///{tmp_path}/callsheet.db",
        "provider": {"replicate": provider},
        "workers": 1,
    }
    cs = await build(read_settings(**{**settings, **given}))
    cs = with_catalog(cs, Prompt(cs.line.providers.catalog))
    try:
        await cs.ready()
        await cs.switches.turn(KONTEXT, enabled=True, reason="")
        yield cs
    finally:
        await cs.close()


@asynccontextmanager
async def working(
    tmp_path: Path, sim: Simulator, database_url: str = "", **given: Any
) -> AsyncIterator[Callsheet]:
    """Work in this process."""
    async with built(tmp_path, sim, database_url, **given) as cs, cs.working():
        yield cs


async def asked(cs: Callsheet, prompt: str = "", method: str = "") -> Take:
    """Ask for one composite; answers its first take."""
    wish = Asked(as_file(table()), [as_file(tin())], method, prompt)
    started = await cs.composites.start(LOCAL_WORKSPACE, wish)
    return await cs.generations.take(LOCAL_WORKSPACE, started.take)


async def composed(cs: Callsheet, prompt: str = "", method: str = "") -> list[Take]:
    """Ask for one composite and wait for it; its takes, the last of which is what it came to."""
    first = await settled(cs, (await asked(cs, prompt, method)).id)
    takes = await cs.composites.wait(first, 30)
    await settled(cs, takes[-1].id)
    return await cs.composites.takes(first)


async def sheet(cs: Callsheet, rows: Sequence[Mapping[str, Any]], **settings: Any) -> JobId:
    """Submit a live batch of composites: each row's product and scene are the tin and the table."""
    names = {}
    for name, picture in (("scene", table()), ("product", tin())):
        content = as_file(picture)
        names[f"/{name}.png"] = await cs.adopter.adopt(content, "image/png")
    usual = {"prompt": "tin", "product": "/product.png", "scene": "/scene.png"}
    items = [{**usual, **row} for row in rows]
    draft = draft_from_items(
        items,
        count=len(items),
        defaults=Defaults(run_mode=settings.pop("run_mode", "live")),
        limits=Limits(max_rows=1_000),
        files=lambda _path: "",
    )
    accepted = await cs.submission.submit(LOCAL_WORKSPACE, draft, stored=names, settings=settings)
    return accepted.job


async def finished(cs: Callsheet, job_id: JobId) -> Job:
    """Wait for a batch to end."""
    async with asyncio.timeout(60):
        while True:
            async with cs.database.read() as connection:
                job = await cs.line.jobs.store.of_any_workspace(connection, job_id)
            if job.status in FINISHED and job.times.finished_at:
                return job
            await cs.notifier.wait(job_id, job.work.sequence, 5)


async def takes_of(cs: Callsheet, job: JobId) -> list[Take]:
    """List a job's takes by row and attempt."""
    query = sa.select(TAKES).where(TAKES.c.job == job).order_by(TAKES.c.row, TAKES.c.attempt)
    async with cs.database.read() as connection:
        return [take_of(row) for row in (await connection.execute(query)).mappings()]


async def jobs_of(cs: Callsheet) -> list[Job]:
    """List every job."""
    async with cs.database.read() as connection:
        return await cs.line.jobs.store.recent(connection, LOCAL_WORKSPACE, 1_000)


async def state_of(cs: Callsheet, job_id: JobId) -> list[dict[str, Any]]:
    """Tell a job's rows as the API does."""
    async with cs.database.read() as connection:
        job = await cs.line.jobs.store.of_any_workspace(connection, job_id)
        return await cs.view.rows(connection, job)
