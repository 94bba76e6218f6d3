"""Decisions bind to what was seen: the bytes, and what the shot was to show."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from callsheet.jobs.content import content_digest
from callsheet.jobs.decisions import Choice
from callsheet.jobs.manifest import Edit, Entity
from callsheet.kernel.digests import Sha256, sha256_of
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import LOCAL_WORKSPACE, WorkspaceId, new_id
from callsheet.line.deciding import DecisionOutdatedError
from callsheet.settings import read_settings
from callsheet.takes.errors import TakeNotFoundError
from callsheet.takes.model import Take, TakeStatus
from callsheet.wiring import Callsheet, build
from tests.support.rooms import a_job, a_shot, a_take, altered

ASSET = sha256_of(b"a picture")


@asynccontextmanager
async def a_made_take(tmp_path: Path, url: str) -> AsyncIterator[tuple[Callsheet, Take, Sha256]]:
    """Write a job whose second shot begins from its first, with a take of it that was made."""
    cs = await build(read_settings(data_dir=tmp_path / "data", database_url=url))
    job = a_job(rows=2)
    shots = [a_shot(job, 1), altered(a_shot(job, 2), depends_on=(1,))]
    content = content_digest(shots[1], [shots[0]])
    take = a_take(job, 2, status=TakeStatus.SUCCEEDED, asset=ASSET, content=content)
    try:
        await cs.ready()
        async with cs.database.begin() as connection:
            await cs.line.jobs.store.add(connection, job)
            await cs.line.jobs.store.add_shots(connection, shots)
            await cs.line.books.takes.add(connection, [take])
        yield cs, take, content
    finally:
        await cs.close()


async def edited(cs: Callsheet, take: Take, entity: str, field: str, value: Any) -> None:
    """Edit the manifest of a take's job."""
    revision = (await cs.editing.manifest(LOCAL_WORKSPACE, take.job)).revision
    edit = Edit(new_id("op"), Entity.parse(entity), field, revision, value)
    await cs.editing.edit(LOCAL_WORKSPACE, take.job, [edit], "anna")


async def stale(cs: Callsheet, take: Take) -> list[bool]:
    """Tell of each decision about a take whether it is stale."""
    return [each.stale for each in await cs.decisions.of_take(LOCAL_WORKSPACE, take.id)]


async def test_an_approval_goes_stale_and_comes_back(tmp_path: Path, database_url: str) -> None:
    """Editing what is seen, also upstream, makes it stale; going back revives it; rest does not."""
    async with a_made_take(tmp_path, database_url) as (cs, take, content):
        seen: dict[str, Any] = {"asset": ASSET, "content": content, "by": "anna"}
        approve = Choice.APPROVE
        made = await cs.decisions.decide(LOCAL_WORKSPACE, take.id, approve, reason="", **seen)
        again = await cs.decisions.decide(LOCAL_WORKSPACE, take.id, approve, reason="", **seen)
        assert again == made
        assert await stale(cs, take) == [False]
        await edited(cs, take, "shot:2", "order_key", "V")
        await edited(cs, take, "shot:2", "model", "runware/flux-schnell")
        assert await stale(cs, take) == [False]
        before = (await cs.editing.manifest(LOCAL_WORKSPACE, take.job)).revision
        await edited(cs, take, "shot:1", "prompt", "a storm")
        assert await stale(cs, take) == [True]
        with pytest.raises(DecisionOutdatedError, match="look at it again"):
            await cs.decisions.decide(LOCAL_WORKSPACE, take.id, approve, reason="x", **seen)
        await cs.editing.restore(LOCAL_WORKSPACE, take.job, before, "anna")
        assert await stale(cs, take) == [False]
        [told] = await cs.decisions.of_job(LOCAL_WORKSPACE, take.job)
        assert told.decision == made
        async with cs.database.read() as connection:
            entries = await cs.line.jobs.store.journal(connection, take.job, 0, 100, "decision")
        assert [(each.body["take"], each.body["decision"]) for each in entries] == [
            (take.id, "approve")
        ]


async def test_decisions_follow_each_other(tmp_path: Path, database_url: str) -> None:
    """A rejection and an override stand beside each other, each with who and why."""
    async with a_made_take(tmp_path, database_url) as (cs, take, content):
        seen: dict[str, Any] = {"asset": ASSET, "content": content}
        for choice, by in ((Choice.REJECT, "anna"), (Choice.OVERRIDE, "bert")):
            why = f"because {by} says so"
            await cs.decisions.decide(LOCAL_WORKSPACE, take.id, choice, reason=why, by=by, **seen)
        told = [each.decision for each in await cs.decisions.of_take(LOCAL_WORKSPACE, take.id)]
    assert [(each.choice, each.by, each.reason) for each in told] == [
        (Choice.REJECT, "anna", "because anna says so"),
        (Choice.OVERRIDE, "bert", "because bert says so"),
    ]


async def test_only_what_is_there_is_decided_about(tmp_path: Path, sqlite_url: str) -> None:
    """Other bytes, another content, no reason, another workspace: refused, nothing written."""
    async with a_made_take(tmp_path, sqlite_url) as (cs, take, content):
        right: dict[str, Any] = {"asset": ASSET, "content": content, "reason": "x", "by": "anna"}
        other = sha256_of(b"something else")
        for wrong in ({"asset": other}, {"content": other}):
            with pytest.raises(DecisionOutdatedError):
                await cs.decisions.decide(
                    LOCAL_WORKSPACE, take.id, Choice.APPROVE, **{**right, **wrong}
                )
        for choice in (Choice.REJECT, Choice.OVERRIDE):
            blank = {**right, "reason": " \u200f"}
            with pytest.raises(InvalidInputError, match="say why"):
                await cs.decisions.decide(LOCAL_WORKSPACE, take.id, choice, **blank)
        theirs = WorkspaceId("other")
        with pytest.raises(TakeNotFoundError):
            await cs.decisions.decide(theirs, take.id, Choice.APPROVE, **right)
        assert await cs.decisions.of_take(LOCAL_WORKSPACE, take.id) == []
