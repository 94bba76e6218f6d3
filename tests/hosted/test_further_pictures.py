"""An answer that holds several pictures: one is the take's, and all are kept."""

import asyncio
from pathlib import Path

import sqlalchemy as sa
from tests.contracts.answering import Said, answering, candidate, shot
from tests.sim.simulated import picture

from callsheet.assets.model import asset_key
from callsheet.assets.store import ASSETS
from callsheet.intake.model import RunMode
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.line.stages.render import render
from callsheet.orders.downloader import OutputDownloader
from callsheet.orders.inline_outputs import PREFIX
from callsheet.orders.submitter import Submitter
from callsheet.settings import ProviderSettings, read_settings
from callsheet.takes.model import ENDED, TakeStatus
from callsheet.wiring import build


async def test_every_picture_of_an_answer_is_kept(
    tmp_path: Path,
) -> None:
    """The last is the take's own; the others are ours too, say whose they are, and are told of.

    A draft is not kept, nor is a further one that is no picture; the take's note says so.
    """
    torn = shot(3)
    torn["inlineData"]["data"] = "bm8gcGljdHVyZQ=="
    said = candidate(shot(1, thought=True), shot(2), torn, {"text": "Here."}, shot(4))
    async with answering(Said(200, said)) as service:
        provider = ProviderSettings.model_validate({"base_url": service.url, "key": "of-the-tests"})
        cs = await build(read_settings(data_dir=tmp_path, provider={"gemini": provider}))
        await cs.ready()
        wish = {"prompt": "a red mug"}
        model = "gemini/gemini-3-1-flash-image"
        started = await cs.generations.start(LOCAL_WORKSPACE, model, wish, RunMode.LIVE)
        job = (await cs.generations.take(LOCAL_WORKSPACE, started.take)).job
        await render(
            cs.stage_tools(cs.ledger_keeper()), {"job": job, "round": 1}
        )  # nobody works here
        loops = cs.loops.start_all(
            {
                **Submitter(cs.line, "a test").loops(),
                **OutputDownloader(cs.line, "a test").loops(),
            }
        )
        async with asyncio.timeout(60):
            while True:
                take = await cs.generations.take(LOCAL_WORKSPACE, started.take)
                if take.status in ENDED:
                    break
                cs.line.runtime.wake_downloader.set()
                await asyncio.sleep(0.05)
        for loop in loops:
            loop.cancel()
        await asyncio.wait(loops)
        assert take.status is TakeStatus.SUCCEEDED, take
        contents = [picture(12, 8), picture(10, 8)]
        names = [sha256_of(each) for each in contents]
        assert take.asset == names[0]
        async with cs.database.read() as connection:
            rows = (await connection.execute(sa.select(ASSETS))).mappings().all()
        assert {row["sha256"] for row in rows} == set(names)
        assert {row["made_from"]["take"] for row in rows} == {take.id}
        for name, content in zip(names, contents, strict=True):
            kept = [block async for block in cs.line.media.blobs.stream(asset_key(name))]
            assert b"".join(kept) == content
        assert [info async for info in cs.line.media.blobs.list(PREFIX)] == []
        assert take.note is not None
        assert names[1] in take.note
        assert "none (" in take.note
        await cs.close()
    assert len(service.heads) == 1
