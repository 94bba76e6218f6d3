"""Jobs with files, written straight into a database and a store."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from callsheet.assets.model import Asset, asset_key
from callsheet.jobs.content import content_digest
from callsheet.jobs.model import DONE, Job, JobStatus, Shot
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.paging import paged
from callsheet.settings import read_settings
from callsheet.takes.model import Take, TakeStatus
from callsheet.wiring import Callsheet, build
from tests.support.rooms import NOW, a_job, a_shot, a_take


@asynccontextmanager
async def opened(tmp_path: Path, url: str) -> AsyncIterator[Callsheet]:
    """Build the services over a database and a folder."""
    cs = await build(read_settings(data_dir=tmp_path / "data", database_url=url))
    try:
        await cs.ready()
        yield cs
    finally:
        await cs.close()


async def made(
    cs: Callsheet, files: Sequence[bytes], media_type: str = "image/png"
) -> tuple[Job, list[Take]]:
    """Write a delivered job, a row for each file."""
    job = a_job(
        rows=len(files), status=JobStatus.SUCCEEDED, stage=DONE, sequence=7, finished_at=NOW
    )
    shots, takes, assets = [], [], []
    for row, content in enumerate(files, start=1):
        shot, asset = a_shot(job, row, scene_id=f"S{row:05}"), _asset(content, media_type)
        shots.append(shot)
        assets.append(asset)
        takes.append(_take(job, shot, asset))
    for content in set(files):
        key = asset_key(sha256_of(content))
        await cs.line.media.blobs.put(key, content, media_type)
    async with cs.database.begin() as connection:
        await cs.line.jobs.store.add(connection, job)
        for page in paged(shots, 500):
            await cs.line.jobs.store.add_shots(connection, page)
        for some in paged(takes, 500):
            await cs.line.books.takes.add(connection, some)
        await cs.line.books.assets.add(connection, assets)
    return job, takes


def _asset(content: bytes, media_type: str) -> Asset:
    return Asset(
        sha256=sha256_of(content),
        workspace=a_job().workspace,
        media_type=media_type,
        size=len(content),
        created_at=NOW,
        thumbnail=False,
    )


def _take(job: Job, shot: Shot, asset: Asset) -> Take:
    return a_take(
        job,
        shot.row,
        status=TakeStatus.SUCCEEDED,
        asset=asset.sha256,
        content=content_digest(shot),
    )
