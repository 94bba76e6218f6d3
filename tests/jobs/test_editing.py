"""Manifests: people edit fields side by side, look back and go back."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.support.rooms import NOW, WORKSPACE, a_job, a_shot, opened

from callsheet.database.connections import SqlDatabase
from callsheet.database.notifier import JournalNotifier
from callsheet.engine.supervision import Supervisor
from callsheet.jobs.editing import Editing
from callsheet.jobs.errors import (
    ManifestConflictError,
    ManifestTooLargeError,
    OperationReusedError,
    VersionNotFoundError,
)
from callsheet.jobs.manifest import MOST_SHOTS, Edit, Entity, Manifest
from callsheet.jobs.manifest_store import SNAPSHOT_EVERY, ManifestStore
from callsheet.jobs.model import Job
from callsheet.jobs.store import JobStore
from callsheet.kernel.errors import InvalidInputError
from callsheet.kernel.ids import new_id

PROMPT = "A red boat at dawn, calm sea, wide shot."


def edit(entity: str, field: str, value: Any, base: int = 0, op_id: str = "") -> Edit:
    """Word an edit."""
    return Edit(op_id or new_id("op"), Entity.parse(entity), field, base, value)


@asynccontextmanager
async def a_film(url: str, shots: int = 3) -> AsyncIterator[tuple[Editing, Job, SqlDatabase]]:
    """Write a job of some shots; who edits it."""
    job, jobs = a_job(rows=shots), JobStore()
    async with opened(url) as database:
        loops = Supervisor(lambda _name: None)
        notifier = JournalNotifier(database, jobs.sequences, loops)
        async with database.begin() as connection:
            await jobs.add(connection, job)
            rows = [a_shot(job, row, prompt=PROMPT) for row in range(1, shots + 1)]
            await jobs.add_shots(connection, rows)
        yield Editing(database, jobs, ManifestStore(), notifier, lambda: NOW), job, database


def of_shot(manifest: Manifest, row: int) -> dict[str, Any]:
    """Read the fields of a shot."""
    return dict(manifest.fields[Entity.parse(f"shot:{row}")])


async def test_different_fields_do_not_meet(database_url: str) -> None:
    """Two people who saw the same manifest change different fields: both are kept, in order."""
    async with a_film(database_url) as (editing, job, database):
        [first] = await editing.edit(WORKSPACE, job.id, [edit("shot:1", "duration_s", 4)], "anna")
        later = [
            edit("shot:1", "prompt", "Night."),
            edit("shot:2", "depends_on", [1]),
            edit("scene:S-1", "title", "The sea"),
            edit("job", "name", "Lighthouse"),
        ]
        operations = await editing.edit(WORKSPACE, job.id, later, "bert")
        manifest = await editing.manifest(WORKSPACE, job.id)
        async with database.read() as connection:
            found = await editing.jobs.find(connection, WORKSPACE, job.id)
            shots = await editing.jobs.shots(connection, job.id)
            told = await editing.jobs.journal(connection, job.id, 0, 100, "manifest")
    assert [first.revision, *(each.revision for each in operations)] == [1, 2, 3, 4, 5]
    assert manifest.revision == found.work.manifest_revision == 5
    assert (shots[0].prompt, shots[0].plan.duration_s) == ("Night.", 4.0)
    assert shots[1].plan.depends_on == (1,)
    assert found.name == "Lighthouse"
    assert manifest.document()["scenes"]["S-1"]["title"] == "The sea"
    assert [each.body["by"] for each in told] == ["anna", *["bert"] * 4]


async def test_the_same_field_is_a_conflict_in_sight(database_url: str) -> None:
    """Whoever saw an older value is told both, and by whom; nothing that they sent is written."""
    async with a_film(database_url) as (editing, job, _):
        await editing.edit(WORKSPACE, job.id, [edit("shot:1", "duration_s", 4)], "anna")
        late = [edit("shot:2", "duration_s", 9), edit("shot:1", "duration_s", 5)]
        with pytest.raises(ManifestConflictError, match="changed by anna") as caught:
            await editing.edit(WORKSPACE, job.id, late, "bert")
        [conflict] = caught.value.conflicts
        assert (conflict.current, conflict.asked, conflict.by, conflict.revision) == (
            4.0,
            5.0,
            "anna",
            1,
        )
        assert of_shot(await editing.manifest(WORKSPACE, job.id), 2)["duration_s"] is None
        same = [edit("shot:1", "duration_s", 4)]  # both want the same: nobody is in the way
        assert (await editing.edit(WORKSPACE, job.id, same, "bert"))[0].value == 4.0
        seen = [edit("shot:1", "duration_s", 5, base=2)]
        assert (await editing.edit(WORKSPACE, job.id, seen, "bert"))[0].value == 5.0


async def test_texts_are_merged_word_by_word(database_url: str) -> None:
    """Edits of different words of one prompt go together; of the same words they conflict."""
    async with a_film(database_url) as (editing, job, _):
        ours, theirs = PROMPT.replace("red", "blue"), PROMPT.replace("wide", "close")
        await editing.edit(WORKSPACE, job.id, [edit("shot:1", "prompt", ours)], "anna")
        [merged] = await editing.edit(WORKSPACE, job.id, [edit("shot:1", "prompt", theirs)], "bert")
        assert merged.value == PROMPT.replace("red", "blue").replace("wide", "close")
        assert merged.edit.value == theirs
        green = [edit("shot:1", "prompt", PROMPT.replace("red", "green"))]
        with pytest.raises(ManifestConflictError):
            await editing.edit(WORKSPACE, job.id, green, "carl")


async def test_an_operation_is_done_once(database_url: str) -> None:
    """Sent again it is answered as it was; its id for something else is refused."""
    async with a_film(database_url) as (editing, job, _):
        once = edit("shot:1", "duration_s", 4, op_id="a1")
        first = await editing.edit(WORKSPACE, job.id, [once], "anna")
        assert await editing.edit(WORKSPACE, job.id, [once], "anna") == first
        other = edit("shot:1", "duration_s", 6, op_id="a1")
        with pytest.raises(OperationReusedError):
            await editing.edit(WORKSPACE, job.id, [other], "anna")
        assert (await editing.manifest(WORKSPACE, job.id)).revision == 1


@pytest.mark.parametrize(
    ("entity", "field", "value", "said"),
    [
        ("shot:1", "duration_s", -1, "shot:1.duration_s"),
        ("shot:1", "duration_s", float("inf"), "shot:1.duration_s"),
        ("shot:1", "duration_s", True, "shot:1.duration_s"),
        ("shot:1", "width", 256.0, "shot:1.width"),
        ("shot:1", "prompt", "\u200f \n", "shot:1.prompt"),
        ("shot:1", "prompt", "x" * 8_001, "shot:1.prompt"),
        ("shot:1", "order_key", "a0", "shot:1.order_key"),
        ("shot:1", "removed", 1, "shot:1.removed"),
        ("shot:1", "depends_on", [1], "wait for each other"),
        ("shot:1", "depends_on", [77], "no shot 77"),
        ("shot:1", "depends_on", [2, 2], "each once"),
        ("shot:1", "status", "succeeded", "a shot has"),
        ("shot:9", "prompt", "x", "no shot:9"),
        ("scene:S", "title", "x" * 201, "scene:S.title"),
        ("job", "title", "x", "a job has"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    sqlite_url: str, entity: str, field: str, value: Any, said: str
) -> None:
    """The field and what it takes are named, and nothing is written."""
    async with a_film(sqlite_url) as (editing, job, _):
        with pytest.raises(InvalidInputError, match=said):
            await editing.edit(WORKSPACE, job.id, [edit(entity, field, value)], "anna")
        assert (await editing.manifest(WORKSPACE, job.id)).revision == 0


@pytest.mark.parametrize("text", ["", "shots:1", "shot:", "shot:01", "shot:x", "job:1", "scene:"])
def test_other_entities_are_refused(text: str) -> None:
    """Only a job, its scenes and its shots have fields."""
    with pytest.raises(InvalidInputError, match="scene:ID"):
        Entity.parse(text)


async def test_circles_of_shots_are_refused(sqlite_url: str) -> None:
    """Shots that would wait for each other, over however many, are named."""
    async with a_film(sqlite_url) as (editing, job, _):
        circle = [edit(f"shot:{row}", "depends_on", [row % 3 + 1]) for row in (1, 2, 3)]
        with pytest.raises(InvalidInputError, match="wait for each other"):
            await editing.edit(WORKSPACE, job.id, circle, "anna")


async def test_history_is_exact_and_restoring_is_new_operations(database_url: str) -> None:
    """Each revision reads as it was, across kept ones; going back and forth changes no history."""
    chance = random.Random(7)  # noqa: S311  # picks what to edit
    fields: dict[str, list[Any]] = {
        "duration_s": [1.0, 2.5, None],
        "prompt": ["one", "two"],
        "removed": [True, False],
    }
    async with a_film(database_url) as (editing, job, _):
        seen = {0: (await editing.manifest(WORKSPACE, job.id)).document()}
        for revision in range(SNAPSHOT_EVERY + 20):
            name = chance.choice(list(fields))
            entity = f"shot:{chance.randint(1, 3)}"
            if revision % 10 == 9:
                name, entity = "title", f"scene:S-{revision // 10}"
            value = chance.choice(fields.get(name, ["morning", "evening"]))
            one = [edit(entity, name, value, base=revision)]
            await editing.edit(WORKSPACE, job.id, one, "anna")
            seen[revision + 1] = (await editing.manifest(WORKSPACE, job.id)).document()
        for revision in chance.sample(sorted(seen), 12):
            then = await editing.manifest(WORKSPACE, job.id, revision)
            assert then.document() == seen[revision]
        newest = max(seen)
        made = await editing.restore(WORKSPACE, job.id, 5, "bert")
        back = await editing.manifest(WORKSPACE, job.id)
        assert back.document()["shots"] == seen[5]["shots"]
        assert all(each["removed"] for each in back.document()["scenes"].values())
        assert [each.revision for each in made] == list(range(newest + 1, newest + 1 + len(made)))
        assert {each.by for each in made} == {"bert"}
        await editing.restore(WORKSPACE, job.id, newest, "bert")
        again = (await editing.manifest(WORKSPACE, job.id)).document()
        assert again["shots"] == seen[newest]["shots"]
        assert again["scenes"] == seen[newest]["scenes"]
        assert await editing.restore(WORKSPACE, job.id, again["revision"], "bert") == []
        with pytest.raises(VersionNotFoundError, match=f"the newest is {again['revision']}"):
            await editing.restore(WORKSPACE, job.id, 10_000, "bert")
        assert (await editing.manifest(WORKSPACE, job.id, 3)).document() == seen[3]


async def test_many_people_at_once_leave_no_gap(database_url: str) -> None:
    """Eight people edit side by side: every revision is there once, and no edit is lost."""
    async with a_film(database_url, shots=8) as (editing, job, _):

        async def person(row: int) -> None:
            seen = 0
            for turn in range(5):
                mine = [edit(f"shot:{row}", "duration_s", turn + 1, base=seen)]
                [done] = await editing.edit(WORKSPACE, job.id, mine, f"person {row}")
                seen = done.revision

        await asyncio.gather(*map(person, range(1, 9)))
        manifest = await editing.manifest(WORKSPACE, job.id)
        operations = await editing.operations(WORKSPACE, job.id, 0, 100)
    assert manifest.revision == 40
    assert [each.revision for each in operations] == list(range(1, 41))
    assert {of_shot(manifest, row)["duration_s"] for row in range(1, 9)} == {5.0}


async def test_a_large_sheet_is_not_edited_field_by_field(sqlite_url: str) -> None:
    """A job of thousands of rows says so, before anything is read."""
    async with a_film(sqlite_url) as (editing, _, database):
        large = a_job(rows=MOST_SHOTS + 1)
        async with database.begin() as connection:
            await editing.jobs.add(connection, large)
        with pytest.raises(ManifestTooLargeError, match="change its sheet"):
            await editing.manifest(WORKSPACE, large.id)
