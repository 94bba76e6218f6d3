"""A job that signs: all it delivers is signed, or nothing is delivered."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from callsheet.assets.lineage import Relation, lineage_of
from callsheet.assets.model import asset_key
from callsheet.delivery.links import file_key
from callsheet.intake.limits import Limits
from callsheet.intake.model import Defaults
from callsheet.intake.rows import draft_from_items
from callsheet.jobs.model import JobStatus
from callsheet.kernel.digests import Sha256, sha256_of
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId
from callsheet.line.stages.render import ORDER_WORK
from callsheet.ports.blobs import BlobNotFoundError
from callsheet.ports.provenance import SourceType
from callsheet.provenance.errors import SigningKeyMissingError, SigningOffError
from callsheet.provenance.model import Verdict
from callsheet.provenance.service import SIGNED_FROM
from callsheet.provenance.store import SIGNATURES
from callsheet.settings import read_settings
from callsheet.wiring import Callsheet, build
from tests.provenance.making import chain_in, renamed
from tests.support.processes import Place
from tests.support.warm import WarmProcess

RED_MUG = {"prompt": "a red mug", "model": "local/storyboard", "size": "256x256"}


@asynccontextmanager
async def standing(tmp_path: Path, database_url: str, **more: Any) -> AsyncIterator[Callsheet]:
    """Build callsheet; nothing works but what the test does."""
    settings = {"data_dir": tmp_path / "data", "database_url": database_url, **more}
    cs = await build(read_settings(**settings))
    try:
        await cs.ready()
        yield cs
    finally:
        await cs.close()


async def submitted(cs: Callsheet, *items: dict[str, Any], sign: bool = True) -> JobId:
    """Put a batch into the books."""
    rows = items or (RED_MUG, {**RED_MUG, "prompt": "a blue mug"})
    draft = draft_from_items(rows, count=len(rows), defaults=Defaults(), limits=Limits())
    return (await cs.submission.submit(LOCAL_WORKSPACE, draft, sign=sign)).job


async def done(cs: Callsheet, job: JobId, stage: str = "done") -> None:
    """Do the work of a job's stages up to one, or until it rests."""
    works = cs.works(cs.ledger_keeper())
    while True:
        found = await cs.views.jobs.find(LOCAL_WORKSPACE, job)
        if found.work.stage in (stage, "done") or found.work.paused:
            return
        payload: dict[str, Any] = {"job": job, "round": found.work.round}
        await works[found.work.stage](payload)
        if found.work.stage == "render":
            async with cs.database.read() as connection:
                takes = await cs.line.books.takes.of_rows(connection, job, 1, 9)
            await works[ORDER_WORK]({**payload, "takes": [take.id for take in takes]})


async def variants(cs: Callsheet, job: JobId) -> list[dict[str, Any]]:
    """Read a job's variants as its state tells them."""
    found = await cs.views.jobs.find(LOCAL_WORKSPACE, job)
    pages = [page async for page in cs.views.jobs.pages(found)]
    return [variant for page in pages for row in page for variant in row["variants"]]


async def signatures(cs: Callsheet) -> int:
    async with cs.database.read() as connection:
        return await connection.scalar(sa.select(sa.func.count()).select_from(SIGNATURES)) or 0


async def delivered(cs: Callsheet, job: JobId) -> bool:
    try:
        await cs.store.head(file_key(job, "results.csv"))
    except BlobNotFoundError:
        return False
    return True


async def judged(cs: Callsheet, content: bytes, media_type: str = "image/png") -> Verdict:
    _, judgement, _ = await cs.recorded.judged(LOCAL_WORKSPACE, content, media_type)
    return judgement.verdict


async def test_what_a_job_delivers_is_signed_once(tmp_path: Path, database_url: str) -> None:
    """No link before it is signed; then each file is ours, and made from the unsigned one."""
    chain_in(tmp_path / "data" / "provenance")
    async with standing(tmp_path, database_url) as cs:
        job = await submitted(cs)
        await done(cs, job, "deliver")
        assert {each["url"] for each in await variants(cs, job)} == {None}
        assert not await delivered(cs, job)

        await done(cs, job)

        assert await delivered(cs, job)
        for variant in await variants(cs, job):
            signed = variant["signed"]
            assert variant["url"] == signed["url"]
            assert signed["sha256"] in variant["url"]
            content = await cs.store.get(asset_key(signed["sha256"]))
            read, judgement, known = await cs.recorded.judged(LOCAL_WORKSPACE, content, "image/png")
            assert judgement.verdict is Verdict.OURS
            assert read.source_types == (SourceType.ALGORITHM.value,)
            assert read.facts is not None
            assert read.facts["unsignedSha256"] == variant["sha256"]
            assert known is not None
            assert known.source == variant["sha256"]
            again = await cs.signing.sign(LOCAL_WORKSPACE, Sha256(variant["sha256"]))
            assert again == known
            async with cs.database.read() as connection:
                facts = await lineage_of(connection, LOCAL_WORKSPACE, [known.signed])
            (fact,) = [each for each in facts if each.relation is Relation.MADE_FROM]
            assert (fact.name, fact.role) == (variant["sha256"], SIGNED_FROM)
        assert await signatures(cs) == 2


async def test_without_a_key_nothing_is_begun(tmp_path: Path, sqlite_url: str) -> None:
    async with standing(tmp_path, sqlite_url) as cs:
        with pytest.raises(SigningKeyMissingError, match="callsheet provenance init"):
            await submitted(cs)
        assert await cs.views.jobs.newest(LOCAL_WORKSPACE, 9) == []


async def test_a_key_that_is_gone_when_it_is_needed_stops_the_delivery_by_name(
    tmp_path: Path, sqlite_url: str
) -> None:
    """The job rests undelivered; with the key back it is resumed, and ends signed."""
    chain = chain_in(tmp_path / "data" / "provenance")
    async with standing(tmp_path, sqlite_url) as cs:
        job = await submitted(cs)
        key = chain.key.read_bytes()
        chain.key.unlink()

        await done(cs, job)

        found = await cs.views.jobs.find(LOCAL_WORKSPACE, job)
        assert (found.status, found.work.stage) == (JobStatus.WAITING, "deliver")
        assert found.problem is not None
        assert found.problem["code"] == "signing_key_missing"
        assert f"callsheet jobs resume {job}" in found.problem["message"]
        assert not await delivered(cs, job)
        assert {each["url"] for each in await variants(cs, job)} == {None}
        chain.key.write_bytes(key)
        await cs.control.resume(LOCAL_WORKSPACE, job)
        await done(cs, job)
        assert await delivered(cs, job)
        assert all(each["signed"] for each in await variants(cs, job))


async def test_a_store_that_gives_other_bytes_is_not_signed(
    tmp_path: Path, sqlite_url: str
) -> None:
    """What is damaged is not vouched for: the file is refused, and the job rests."""
    chain_in(tmp_path / "data" / "provenance")
    async with standing(tmp_path, sqlite_url) as cs:
        job = await submitted(cs, RED_MUG)
        await done(cs, job, "deliver")
        (variant,) = await variants(cs, job)
        key = asset_key(variant["sha256"])
        content = await cs.store.get(key)
        await cs.store.delete(key)
        await cs.store.put(key, content[:-2_000], "image/png")

        await done(cs, job)

        found = await cs.views.jobs.find(LOCAL_WORKSPACE, job)
        assert (found.problem or {})["code"] == "signing_failed"
        assert await signatures(cs) == 0
        assert not await delivered(cs, job)


async def test_always_and_never(tmp_path: Path, sqlite_url: str) -> None:
    chain_in(tmp_path / "data" / "provenance")
    async with standing(tmp_path, sqlite_url, sign="always") as cs:
        job = await submitted(cs, RED_MUG, sign=False)
        await done(cs, job)
        assert all(each["signed"] for each in await variants(cs, job))
    async with standing(tmp_path, sqlite_url, sign="never") as cs:
        with pytest.raises(SigningOffError, match="CALLSHEET_SIGN=never"):
            await submitted(cs, RED_MUG)
        job = await submitted(cs, RED_MUG, sign=False)
        await done(cs, job)
        (variant,) = await variants(cs, job)
        assert variant["signed"] is None
        assert variant["sha256"] in variant["url"]


async def test_a_text_is_delivered_with_its_manifest_beside_it(
    tmp_path: Path, sqlite_url: str
) -> None:
    chain_in(tmp_path / "data" / "provenance")
    async with standing(tmp_path, sqlite_url) as cs:
        job = await submitted(cs, {"prompt": "a caption", "model": "local/text-preview"})
        await done(cs, job)
        (variant,) = await variants(cs, job)
        assert variant["signed"]["sha256"] == variant["sha256"]
        content = await cs.store.get(asset_key(variant["sha256"]))
        sidecar = await cs.store.get(asset_key(variant["signed"]["sidecar"]["sha256"]))
        for text, verdict in ((content, Verdict.OURS), (content + b"!", Verdict.ALTERED)):
            _, judgement, _ = await cs.recorded.judged(
                LOCAL_WORKSPACE, text, variant["mediaType"], sidecar
            )
            assert judgement.verdict is verdict


async def test_what_was_tampered_with_is_known_by_what_was_recorded(
    tmp_path: Path, sqlite_url: str
) -> None:
    """Renamed, altered, and signed over by somebody else: each is told by its name."""
    chain_in(tmp_path / "data" / "provenance")
    async with standing(tmp_path, sqlite_url) as cs:
        job = await submitted(cs, RED_MUG)
        await done(cs, job)
        (variant,) = await variants(cs, job)
        content = await cs.store.get(asset_key(variant["signed"]["sha256"]))
        unsigned = await cs.store.get(asset_key(variant["sha256"]))
        flipped = content[:-60] + bytes([content[-60] ^ 1]) + content[-59:]
        assert await judged(cs, content) is Verdict.OURS
        assert await judged(cs, flipped) is Verdict.ALTERED
        assert await judged(cs, unsigned) is Verdict.STRIPPED
        label = variant["signed"]["manifest"]
        assert await judged(cs, renamed(content, label)) is Verdict.RENAMED
        _, judgement, known = await cs.recorded.judged(LOCAL_WORKSPACE, unsigned, "image/png")
        assert known is not None
        assert known.signed == sha256_of(content)
        assert known.signed[:16] in judgement.reason


@pytest.mark.parametrize("point", ["_written_down/before commit", "_written_down/after commit"])
async def test_killed_while_signing_nothing_leaves_unsigned(
    tmp_path: Path, sqlite_url: str, point: str
) -> None:
    """A worker is killed as the first of two files is signed; the next one ends the job."""
    chain_in(tmp_path / "data" / "provenance")
    place = Place(tmp_path, sqlite_url)
    async with standing(tmp_path, sqlite_url) as cs:
        job = await submitted(cs)
        killed = WarmProcess(
            [str(tmp_path / "points"), point],
            folder=tmp_path,
            environment=place.environment(),
            out=tmp_path / "worker.log",
            entry="tests.support.killing:main",
        )
        assert killed.wait(60) == -9
        assert not await delivered(cs, job)
        told = await variants(cs, job)
        assert await signatures(cs) == sum(each["signed"] is not None for each in told) < 2
        assert all(each["url"] is None for each in told if each["signed"] is None)

        async with cs.working():
            until = time.monotonic() + 60
            while not (await cs.views.jobs.find(LOCAL_WORKSPACE, job)).ended:
                assert time.monotonic() < until
                await cs.notifier.wait(job, 0, 0.1)

        assert await signatures(cs) == 2
        for each in await variants(cs, job):
            content = await cs.store.get(asset_key(each["signed"]["sha256"]))
            assert await judged(cs, content) is Verdict.OURS
