"""What is in a package and what is not, on both databases; and many files in little memory."""

import tracemalloc
import zipfile
from pathlib import Path

import pytest

from callsheet.delivery.errors import ReleaseRefusedError
from callsheet.delivery.package import PackageWish
from callsheet.jobs.decisions import Choice
from callsheet.jobs.manifest import Edit, Entity
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId, new_id
from callsheet.takes.model import Take
from callsheet.wiring import Callsheet
from tests.packages.making import made, opened

MANY = 2_000
CONTENTS = 100  # that these files have; the large one beside them
LARGE = 24 * 1024 * 1024  # bytes of one file among them
MOST = 16 * 1024 * 1024  # bytes of memory that packing them may take


async def decide(cs: Callsheet, take: Take, choice: Choice) -> None:
    """Decide about a take as it was seen."""
    assert take.asset is not None
    assert take.digests.content is not None
    seen = {"asset": take.asset, "content": take.digests.content}
    await cs.decisions.decide(
        LOCAL_WORKSPACE, take.id, choice, reason="so it is", by="anna", **seen
    )


async def edited(cs: Callsheet, job: JobId, row: int, prompt: str) -> None:
    """Let a shot show something else."""
    revision = (await cs.editing.manifest(LOCAL_WORKSPACE, job)).revision
    edit = Edit(new_id("op"), Entity.parse(f"shot:{row}"), "prompt", revision, prompt)
    await cs.editing.edit(LOCAL_WORKSPACE, job, [edit], "anna")


async def test_rejected_stays_and_stale_is_refused(tmp_path: Path, database_url: str) -> None:
    """A rejected file is left out; one whose shot was edited is refused until that is undone."""
    async with opened(tmp_path, database_url) as cs:
        job, takes = await made(cs, [b"one", b"two", b"three"])
        await decide(cs, takes[1], Choice.REJECT)
        preview = await cs.packages.preview(LOCAL_WORKSPACE, job.id, PackageWish())
        assert [of for _, of in preview.files] == [
            "row 1 (S00001), variant 1",
            "row 3 (S00003), variant 1",
        ]
        assert preview.left_out == ["row 2 (S00002), variant 1: it was rejected"]
        assert (await cs.packages.package(LOCAL_WORKSPACE, job.id, PackageWish())).masters == 2

        await edited(cs, job.id, 3, "a blue boat")
        with pytest.raises(ReleaseRefusedError) as caught:
            await cs.packages.package(LOCAL_WORKSPACE, job.id, PackageWish())
        assert [each.field for each in caught.value.errors] == ["row 3 (S00003), variant 1: stale"]
        await edited(cs, job.id, 3, "a red boat")
        again = await cs.packages.package(LOCAL_WORKSPACE, job.id, PackageWish())
        assert again.masters == 2


async def test_many_files_in_little_memory(tmp_path: Path, sqlite_url: str) -> None:
    """2,000 files, one of them large, are listed, packed and read back; memory stays flat."""
    async with opened(tmp_path, sqlite_url) as cs:
        files = [b"%d" % (row % CONTENTS) for row in range(MANY - 1)]
        job, _ = await made(cs, [*files, bytes(LARGE)])
        out = tmp_path / "package.zip"
        tracemalloc.start()
        try:
            package = await cs.packages.package(LOCAL_WORKSPACE, job.id, PackageWish())
            with out.open("wb") as file:  # nobody else waits
                async for block in cs.packages.zip(package, 0, package.size):
                    file.write(block)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < MOST, f"{peak:,}"
        assert out.stat().st_size == package.size
        with zipfile.ZipFile(out) as archive:
            names = [name for name in archive.namelist() if "/data/masters/" in name]
            assert len(names) == MANY
            assert archive.testzip() is None
