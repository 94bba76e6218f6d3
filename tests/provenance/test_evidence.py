"""The evidence of an asset: what people decided, what went in, and what it is told for."""

import io
from pathlib import Path

import pytest
from PIL import Image

from callsheet.assets.errors import AssetNotFoundError
from callsheet.assets.model import asset_key
from callsheet.jobs.decisions import Choice, Decision, DecisionStore
from callsheet.kernel.digests import Sha256
from callsheet.kernel.ids import LOCAL_WORKSPACE, TakeId
from tests.provenance.making import NOW, chain_in, picture
from tests.provenance.test_signing import RED_MUG, done, standing, submitted, variants


async def test_decisions_are_told_of_the_signed_file_too(tmp_path: Path, sqlite_url: str) -> None:
    """Somebody approved the unsigned bytes: who asks for the signed ones reads who and why."""
    chain_in(tmp_path / "data" / "provenance")
    async with standing(tmp_path, sqlite_url) as cs:
        job = await submitted(cs, RED_MUG)
        await done(cs, job)
        (variant,) = await variants(cs, job)
        unsigned, take = Sha256(variant["sha256"]), TakeId(variant["take"])
        decided = Decision(
            "dec_1", job, take, Choice.APPROVE, unsigned, unsigned, "warm <light>", "Ada", NOW
        )
        async with cs.database.begin() as connection:
            await DecisionStore().add(connection, [decided])

        document = await cs.views.evidence.document(LOCAL_WORKSPACE, variant["signed"]["sha256"])
        page = await cs.views.evidence.page(LOCAL_WORKSPACE, variant["signed"]["sha256"])

        (told,) = document["decisions"]
        assert (told["choice"], told["by"], told["asset"]) == ("approve", "Ada", unsigned)
        assert "warm &lt;light&gt;" in page
        before = await cs.views.evidence.document(LOCAL_WORKSPACE, unsigned)
        assert before["verdict"] == "stripped"
        assert variant["signed"]["sha256"] in before["reason"]


async def test_a_file_is_known_by_its_bytes_and_by_what_it_shows(
    tmp_path: Path, sqlite_url: str
) -> None:
    """A file that was saved anew, and has lost its manifest, leads to the one that we signed."""
    chain_in(tmp_path / "data" / "provenance")
    async with standing(tmp_path, sqlite_url) as cs:
        job = await submitted(cs, RED_MUG)
        await done(cs, job)
        (variant,) = await variants(cs, job)
        signed = variant["signed"]["sha256"]
        content = await cs.store.get(asset_key(signed))
        out = io.BytesIO()
        with Image.open(io.BytesIO(content)) as shown:
            shown.save(out, "PNG", compress_level=1)
        find = cs.views.evidence.name_of
        assert await find(LOCAL_WORKSPACE, content, "image/png") == signed
        assert await find(LOCAL_WORKSPACE, out.getvalue(), "image/png") == signed
        with pytest.raises(AssetNotFoundError):
            await find(LOCAL_WORKSPACE, picture(seed=9), "image/png")
