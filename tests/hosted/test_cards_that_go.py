"""Orders whose card goes while they are out: what was paid for comes home, nothing stays held."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.hosted import check_money, simulating
from tests.support.in_process import settled, working
from tests.support.processes import Place

from callsheet.intake.model import RunMode
from callsheet.jobs.model import DONE, Shot
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId, TakeId
from callsheet.kernel.money import Money
from callsheet.ports.models import Catalog, Kind, ModelCard, UnknownModelError
from callsheet.takes.model import Take, TakeStatus
from callsheet.wiring import Callsheet

KLING = "replicate/kling-v2-6"


@dataclass(frozen=True)
class Forgetful:
    """The catalog after the package with a model of it was removed."""

    real: Catalog

    def card(self, model: str) -> ModelCard:
        """Find a card."""
        if model == KLING:
            raise UnknownModelError(model)
        return self.real.card(model)

    def cards(self) -> Sequence[ModelCard]:
        """List all cards."""
        return [card for card in self.real.cards() if card.id != KLING]

    def form(self, model: str) -> Mapping[str, Any]:
        """Describe a model's inputs."""
        return self.real.form(self.card(model).id)


async def sent(cs: Callsheet, prompt: str) -> TakeId:
    """Order a clip, and wait until the provider has it."""
    inputs = {"prompt": prompt, "duration_s": 10}
    started = await cs.generations.start(LOCAL_WORKSPACE, KLING, inputs, RunMode.LIVE)
    async with asyncio.timeout(20):
        while True:
            take = await cs.generations.take(LOCAL_WORKSPACE, started.take)
            if take.status is TakeStatus.RUNNING:
                return take.id
            await asyncio.sleep(0.02)


async def retried(cs: Callsheet, job: JobId) -> tuple[Shot, list[Take]]:
    """Retry a single generation and wait until that is over; its row and its takes."""
    await cs.control.retry(LOCAL_WORKSPACE, job)
    async with asyncio.timeout(20):
        while True:
            async with cs.database.read() as connection:
                found = await cs.line.jobs.store.find(connection, LOCAL_WORKSPACE, job)
                (shot,) = await cs.line.jobs.store.shots(connection, job)
                takes = await cs.line.books.takes.of_rows(connection, job, 1, 1)
            if found.work.stage == DONE:
                assert found.cost.held == Money()
                return shot, sorted(takes, key=lambda take: take.attempt)
            await asyncio.sleep(0.02)


async def test_orders_come_home_without_their_card(tmp_path: Path) -> None:
    """A clip is adopted and charged, one that fails costs nothing, one is cancelled.

    A retry is refused by name while the card is away; with the card it asks what was asked first.
    """
    with simulating(tmp_path, run_s=1.5) as sim:
        async with working(tmp_path, sim) as cs:
            made = await sent(cs, "waves")
            bad = await sent(cs, "waves [[sim: error=sensitive]]")
            endless = await sent(cs, "waves [[sim: never_ends]]")
        async with working(tmp_path, sim, Forgetful) as cs:
            job = (await cs.generations.take(LOCAL_WORKSPACE, endless)).job
            await cs.control.cancel_single(LOCAL_WORKSPACE, job)
            clip, failed, cancelled = [await settled(cs, each) for each in (made, bad, endless)]
            async with cs.database.read() as connection:
                assert clip.asset
                facts = await cs.line.books.assets.facts(connection, LOCAL_WORKSPACE, [clip.asset])
            shot, takes = await retried(cs, failed.job)
            assert len(takes) == 1
            assert (shot.error or {})["code"] == "unknown_model"
        async with working(tmp_path, sim) as cs:
            _, takes = await retried(cs, failed.job)
        assert [take.digests.inputs for take in takes] == [failed.digests.inputs] * 2
        assert (clip.status, clip.flight.use) == (TakeStatus.SUCCEEDED, Kind.TEXT_TO_VIDEO)
        assert facts[clip.asset].media_type == "video/mp4"
        assert clip.charged == clip.price
        assert (failed.status, (failed.error or {})["code"]) == (TakeStatus.FAILED, "moderated")
        assert cancelled.status is TakeStatus.CANCELLED
        check_money(Place(tmp_path, f"sqlite:///{tmp_path}/callsheet.db"), sim, 4)
