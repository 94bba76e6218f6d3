"""Recovery snapshots: a job comes back from the store as it was, whatever it was in."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from callsheet.assets.lineage import add_lineage, lineage_of, of_take
from callsheet.assets.model import Asset, asset_key
from callsheet.controls.model import Request, kept_request
from callsheet.delivery.ledger import state_key
from callsheet.delivery.recovery import KEPT, folder_of, snapshot_key, workspace_key
from callsheet.delivery.segments import seal
from callsheet.intake.model import RunMode
from callsheet.intake.store import JobReference, ReferenceStatus
from callsheet.jobs.content import content_digest
from callsheet.jobs.decisions import Choice, Decision, DecisionStore
from callsheet.jobs.errors import SnapshotUnreadableError
from callsheet.jobs.manifest import Edit, Entity
from callsheet.jobs.model import Change, Counts, Entry, Job, JobStatus, Shot, ShotStatus
from callsheet.jobs.snapshot import VERSION
from callsheet.kernel.digests import canonical_json, sha256_of
from callsheet.kernel.ids import LOCAL_WORKSPACE
from callsheet.kernel.money import Money
from callsheet.money.model import Scope, Settlement
from callsheet.orders.settlement import holding_of
from callsheet.quality.judge.questions import Brief, questions_for
from callsheet.quality.judge.store import Judging, JudgingStore, Picture
from callsheet.quality.model import Decision as Verdict
from callsheet.quality.verdicts import Action, Observation, TakeVerdict
from callsheet.reviews.model import Author, Moment, NewComment, Spot
from callsheet.settings import ProviderSettings, read_settings
from callsheet.takes.model import ENDED, OUT, Take, TakeStatus, counted
from callsheet.takes.outputs import Output, OutputRole, outputs_of, restore_outputs
from callsheet.wiring import Callsheet, build
from tests.databases import Cluster
from tests.support.rooms import NOW, a_job, a_shot, a_take, altered

MODEL: Final = "replicate/flux-schnell"
PRICE: Final = Money(3_000)
REQUEST: Final = Request("launch", "a fingerprint")
PICTURE: Final = b"not looked at by anybody here"
LATER: Final = timedelta(minutes=5)


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Cluster
) -> Iterator[tuple[str, str]]:
    """Give two empty databases of one kind: one to be lost, one to be found."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/lost.db", f"sqlite:///{tmp_path}/found.db"
        return
    lost, found = postgres.create_database(), postgres.create_database()
    yield lost, found
    postgres.drop_database(lost)
    postgres.drop_database(found)


@asynccontextmanager
async def opened(tmp_path: Path, url: str) -> AsyncIterator[Callsheet]:
    """Open a database beside the one store; nothing works in it."""
    provider = ProviderSettings.model_validate({"base_url": "http://127.0.0.1:9", "key": "r8_x"})
    cs = await build(
        read_settings(
            data_dir=tmp_path / "data", database_url=url, provider={"replicate": provider}
        )
    )
    try:
        await cs.ready()
        yield cs
    finally:
        await cs.close()


@dataclass(frozen=True)
class Books:
    """What was written down before the database was lost."""

    job: Job
    shots: list[Shot]
    takes: dict[TakeStatus, Take]


def in_flight(job: Job, status: TakeStatus, row: int) -> Take:
    """Word a take of each state as the line leaves it."""
    held = status not in ENDED | {TakeStatus.QUOTED}
    sent = status in OUT | {TakeStatus.ADOPTING, TakeStatus.SUCCEEDED}
    known = status in (TakeStatus.RUNNING, TakeStatus.ADOPTING, TakeStatus.SUCCEEDED)
    made = status is TakeStatus.SUCCEEDED
    return a_take(
        job,
        row,
        model=MODEL,
        provider="replicate",
        inputs={"prompt": f"row {row}", "seed": 7, "width": 256, "height": 256},
        price=PRICE,
        status=status,
        charged=Money(2_000) if made else Money(),
        asset=sha256_of(PICTURE) if made else None,
        error={"code": "refused", "message": "é"} if status is TakeStatus.FAILED else None,
        ordered_at=NOW if sent else None,
        running_at=NOW if known else None,
        adopting_at=NOW if status is TakeStatus.ADOPTING else None,
        finished_at=NOW + LATER if status in ENDED else None,
        ticket=f"ticket-{row}" if known else None,
        order_digest=sha256_of(b"order") if sent else None,
        order_no=1 if sent else 0,
        outputs={"urls": ["https://x.test/a.png"], "cost": None} if known else None,
        held_on=NOW.date().isoformat() if held else None,
        holds=1 if held or made else 0,
        due_at=NOW.timestamp() if held else None,
        claimed_by="somebody|1" if held else None,
        epoch=3,
    )


async def written(cs: Callsheet, **more: Any) -> Books:
    """Write a live job with a take in every state, its money, budgets, key and references."""
    settings = {"columns": ["prompt"], **kept_request(REQUEST)}
    plain: dict[str, Any] = {"run_mode": RunMode.LIVE, "rows": len(TakeStatus), "asked": None}
    plain |= {"status": JobStatus.RUNNING, "stage": "render", "settings": settings}
    job = a_job(**{**plain, **more})
    states = list(enumerate(TakeStatus, start=1))
    takes = {status: in_flight(job, status, row) for row, status in states}
    shots = [
        a_shot(job, row, model=MODEL, status=ShotStatus.RUNNING, extra={"Größe": "XL"})
        for row, _ in states
    ]
    ctx = cs.line
    await ctx.media.blobs.put(asset_key(sha256_of(PICTURE)), PICTURE, "image/png")
    reference = JobReference(
        "x.test/ä.png",
        "https://x.test/ä.png",
        "https://x.test/ä.png",
        ReferenceStatus.READY,
        sha256=sha256_of(PICTURE),
        pixels="p" * 64,
        likeness="l",
        width=3,
        height=4,
    )
    async with cs.database.begin() as connection:
        await ctx.jobs.store.add(connection, job)
        await ctx.jobs.store.add_shots(connection, shots)
        await ctx.books.takes.add(connection, takes.values())
        await ctx.references.store.add(connection, job.id, [reference])
        made = takes[TakeStatus.SUCCEEDED]
        name, kind = sha256_of(PICTURE), "image/png"
        asset = Asset(name, job.workspace, kind, len(PICTURE), NOW, {"take": made.id}, width=3)
        await ctx.books.assets.add(connection, [asset])
        held = [take for take in takes.values() if take.flight.held_on]
        spent = altered(made, held_on=NOW.date().isoformat())
        holdings = [holding_of(take) for take in (*held, spent)]
        await cs.line.books.money.hold(connection, holdings, NOW)
        await cs.line.books.money.settle(
            connection, [Settlement(holding_of(spent), made.charged)], NOW
        )
        args: dict[str, Any] = {"by": "anna", "now": NOW}
        workspace = job.workspace
        await cs.line.books.money.set_budget(
            connection, workspace, Scope.JOB, job.id, Money(10**6), **args
        )
        await cs.line.books.money.set_budget(
            connection, workspace, Scope.DAY, "", Money(10**7), **args
        )
        await cs.line.books.money.adjust(connection, workspace, Money(500), reason="a gift", **args)
        await cs.answers.add(connection, workspace, REQUEST, {"job": job.id, "rows": []}, NOW)
        change = Change(takes=counted(takes), charged=made.charged, held=PRICE * len(held))
        job = await ctx.jobs.record(connection, job, [Entry("created", {})], change)
    return Books(job, shots, takes)


async def test_decisions_edits_and_files_come_back(
    tmp_path: Path, databases: tuple[str, str]
) -> None:
    """Decisions, verdicts, every edit with its revision, further outputs, where files come from."""
    async with opened(tmp_path, databases[0]) as cs:
        books = await written(cs)
        job, made = books.job, books.takes[TakeStatus.SUCCEEDED]
        content = content_digest(books.shots[made.row - 1])
        reference = sha256_of(b"a reference")
        async with cs.database.begin() as connection:
            files = [sha256_of(PICTURE), reference]
            roles = (OutputRole.MAIN, OutputRole.FURTHER)
            outputs = [
                Output(made.id, place, asset, role)
                for place, (asset, role) in enumerate(zip(files, roles, strict=True), start=1)
            ]
            await restore_outputs(connection, outputs)
            inputs = {"references": [{"sha256": reference, "mode": "subject"}]}
            facts = of_take(altered(made, inputs=inputs), [sha256_of(PICTURE)], NOW)
            await add_lineage(connection, facts)
            decision = Decision(
                "dc_1", job.id, made.id, Choice.REJECT, files[0], content, "dull", "anna", NOW
            )
            await DecisionStore().add(connection, [decision])
            failed = TakeVerdict(
                *(made.id, "technical", job.id, files[0], Verdict.FAIL, Action.RETAKE, NOW),
                observations=(Observation("black", "The picture is black."),),
                retake=books.takes[TakeStatus.QUOTED].id,
            )
            await cs.line.verdicts.add(connection, [failed])
            judging = Judging(
                *(made.id, "gemini/gemini-3-8-flash", job.workspace, job.id, files[0]),
                questions=questions_for(Brief("a mug")),
                pictures=(Picture(files[0], "the picture that was made"),),
                asked=(made.id,),
                at=NOW,
                decision=Verdict.PASS,
                because="overall 9",
                scores={"overall": 9.0},
                spread={"overall": 0.5},
            )
            await JudgingStore().add(connection, [judging])
        edits = [("shot:1", "prompt", "a storm"), ("scene:S-1", "title", "Ä"), ("job", "name", "x")]
        for revision, (entity, field, value) in enumerate(edits):
            edit = Edit(f"op{revision}", Entity.parse(entity), field, revision, value)
            await cs.editing.edit(LOCAL_WORKSPACE, job.id, [edit], "bert")
        said = NewComment(
            "op", "too dark", made.id, spot=Spot(Moment(3, "1/8"), region=(0, 0, 1, 1))
        )
        await cs.reviews.comment(LOCAL_WORKSPACE, job.id, said, Author("anna", "Anna"))
        lost = await told_of(cs, job, made)
        await cs.line.media.blobs.put(asset_key(reference), b"a reference", "image/png")
        async with cs.database.begin() as connection:
            asset = Asset(reference, job.workspace, "image/png", 11, NOW)
            await cs.line.books.assets.add(connection, [asset])
        await cs.ledger_keeper().write_through(job.id)
    async with opened(tmp_path, databases[1]) as cs:
        assert [each.problem async for each in cs.restorer.restore()] == [""]
        assert await told_of(cs, job, made) == lost
        again = Edit("op1", Entity.parse("scene:S-1"), "title", 1, "Ä")
        [known] = await cs.editing.edit(LOCAL_WORKSPACE, job.id, [again], "bert")
        assert known.revision == 2, "an operation that came before the loss is not done twice"
        restored = await cs.editing.restore(LOCAL_WORKSPACE, job.id, 0, "anna")
        assert [each.revision for each in restored] == [4, 5, 6]


async def told_of(cs: Callsheet, job: Job, take: Take) -> dict[str, Any]:
    """Read what belongs to a job beside its takes and its money."""
    async with cs.database.read() as connection:
        lineage = await lineage_of(connection, job.workspace, [sha256_of(PICTURE)])
        outputs = await outputs_of(connection, [take.id])
        verdicts = await cs.line.verdicts.of_takes(connection, [take.id])
        judgings = await JudgingStore().of_takes(connection, [take.id])
    return {
        "manifest": (await cs.editing.manifest(LOCAL_WORKSPACE, job.id)).document(),
        "first": (await cs.editing.manifest(LOCAL_WORKSPACE, job.id, 0)).document(),
        "comments": list(await cs.reviews.comments(LOCAL_WORKSPACE, job.id)),
        "operations": await cs.editing.operations(LOCAL_WORKSPACE, job.id, 0, 100),
        "decisions": await cs.decisions.of_job(LOCAL_WORKSPACE, job.id),
        "verdicts": verdicts,
        "judgings": judgings,
        "outputs": outputs,
        "lineage": lineage,
    }


async def money_in(cs: Callsheet, job: Job) -> dict[str, Any]:
    """Read everything that the books of money say."""
    workspace = job.workspace
    async with cs.database.read() as connection:
        return {
            "entries": await cs.line.books.money.store.entries(connection, workspace, postings=100),
            "balances": await cs.line.books.money.store.balances(connection, workspace),
            "sum": await cs.line.books.money.store.sum_of_all(connection),
            "budgets": await cs.line.books.money.budgets(connection, workspace, NOW),
            "today": await cs.line.books.money.store.committed(
                connection, workspace, (Scope.DAY, NOW.date().isoformat())
            ),
        }


async def test_a_job_comes_back_with_a_take_in_every_state(
    tmp_path: Path, databases: tuple[str, str]
) -> None:
    """What ended is as it was; what may be out is followed, brought home or looked for."""
    async with opened(tmp_path, databases[0]) as cs:
        books = await written(cs)
        before = await money_in(cs, books.job)
        await cs.ledger_keeper().write_through(books.job.id)
    async with opened(tmp_path, databases[1]) as cs:
        told = [each async for each in cs.restorer.restore()]
        assert [(each.job, each.rows, each.problem) for each in told] == [
            (books.job.id, len(TakeStatus), "")
        ]
        async with cs.database.read() as connection:
            job = await cs.line.jobs.store.find(connection, LOCAL_WORKSPACE, books.job.id)
            shots = await cs.line.jobs.store.shots(connection, job.id)
            takes = {
                TakeStatus(status): await cs.line.books.takes.find(
                    connection, job.workspace, take.id
                )
                for status, take in books.takes.items()
            }
            references = await cs.line.references.store.all(connection, job.id)
            asset = await cs.line.books.assets.find(connection, job.workspace, sha256_of(PICTURE))
            answer = await cs.answers.find(connection, job.workspace, REQUEST)
        after = await money_in(cs, job)
    for status in ENDED:
        assert takes[status] == books.takes[status]
    state = TakeStatus
    assert {status: take.status for status, take in takes.items() if status not in ENDED} == {
        state.QUOTED: state.IN_DOUBT,  # it may have been sent since the snapshot
        state.HELD: state.IN_DOUBT,
        state.ORDERED: state.IN_DOUBT,
        state.IN_DOUBT: state.IN_DOUBT,
        state.RUNNING: state.RUNNING,
        state.ADOPTING: state.ADOPTING,
    }
    for status, take in takes.items():
        if status not in ENDED:
            assert take.flight.claimed_by is None
            assert take.flight.due_at is not None
            assert take.flight.held_on is not None
            assert take.flight.ticket == books.takes[status].flight.ticket
            assert take.inputs == books.takes[status].inputs
    assert takes[state.ORDERED].flight.order_digest == sha256_of(b"order")
    assert takes[state.ADOPTING].flight.outputs == books.takes[state.ADOPTING].flight.outputs
    assert [altered(shot, status=ShotStatus.RUNNING, error=None) for shot in shots] == books.shots
    assert (job.status, job.work.stage, job.work.paused) == (
        JobStatus.WAITING,
        "intake",
        True,
    )
    assert job.settings == books.job.settings
    assert job.times.created_at == books.job.times.created_at
    assert job.tally.takes == Counts(in_doubt=4, running=2, succeeded=1, failed=1, cancelled=1)
    assert job.cost.charged == Money(2_000)
    assert (asset.media_type, asset.width, asset.made_from) == (
        "image/png",
        3,
        {"take": books.takes[state.SUCCEEDED].id},
    )
    assert [each.status for each in references] == [ReferenceStatus.READY]
    assert answer == {"job": books.job.id, "rows": []}
    lost = {entry.posting: entry for entry in before["entries"]}
    found = {entry.posting: entry for entry in after["entries"]}
    new = found.keys() - lost.keys()
    assert {name: found[name] for name in lost} == lost, "what was posted is posted as it was"
    assert new == {f"hold:{books.takes[state.QUOTED].id}:1"}, (
        "it may be out, and money stands for it"
    )
    assert after["sum"] == Money()
    assert [(each.scope, each.limit) for each in after["budgets"]] == [
        (each.scope, each.limit) for each in before["budgets"]
    ]
    assert after["today"] == before["today"]
    assert job.cost.held == PRICE * 6


async def test_restoring_twice_changes_nothing(tmp_path: Path, databases: tuple[str, str]) -> None:
    """A second restore leaves jobs, money and budgets alone."""
    async with opened(tmp_path, databases[0]) as cs:
        books = await written(cs)
        await cs.ledger_keeper().write_through(books.job.id)
    async with opened(tmp_path, databases[1]) as cs:
        _ = [each async for each in cs.restorer.restore()]
        once = await money_in(cs, books.job)
        told = [each async for each in cs.restorer.restore()]
        assert await money_in(cs, books.job) == once
    assert [each.problem for each in told] == ["it is in the database already"]


async def test_a_file_that_is_gone_ends_its_take(
    tmp_path: Path, databases: tuple[str, str]
) -> None:
    """What was made and is not in the store any more has failed, and stays paid for."""
    async with opened(tmp_path, databases[0]) as cs:
        books = await written(cs)
        await cs.ledger_keeper().write_through(books.job.id)
        await cs.line.media.blobs.delete(asset_key(sha256_of(PICTURE)))
    made = books.takes[TakeStatus.SUCCEEDED]
    async with opened(tmp_path, databases[1]) as cs:
        told = [each async for each in cs.restorer.restore()]
        async with cs.database.read() as connection:
            take = await cs.line.books.takes.find(connection, LOCAL_WORKSPACE, made.id)
    assert [(each.pictures, each.problem) for each in told] == [(0, "")]
    assert (take.status, take.asset, take.charged) == (TakeStatus.FAILED, None, made.charged)
    assert (take.error or {})["code"] == "asset_missing"


async def snapshots_in(cs: Callsheet, job: Job) -> list[str]:
    """Name the heads of a job's snapshots."""
    keys = [info.key async for info in cs.line.media.blobs.list(f"{folder_of(job.id)}/")]
    return sorted(key for key in keys if key.count("/") == 3)


async def test_a_damaged_snapshot_gives_way_to_the_one_before(
    tmp_path: Path, sqlite_url: str
) -> None:
    """A few are kept; the newest sound one counts, and after all of them the public ledger."""
    other = f"sqlite:///{tmp_path}/found.db"
    async with opened(tmp_path, sqlite_url) as cs:
        books = await written(cs)
        job, keeper = books.job, cs.ledger_keeper()
        for turn in range(5):
            async with cs.database.begin() as connection:
                locked = await cs.line.jobs.store.lock(connection, job.id)
                await cs.line.jobs.record(connection, locked, [Entry("turn", {"turn": turn})])
            await keeper.write_through(job.id)
        keys = await snapshots_in(cs, job)
        assert keys == [snapshot_key(job.id, number) for number in range(4, 4 + KEPT)]
        await cs.line.media.blobs.put(keys[-1], b'{"half": ', "application/json")
        newest = await cs.restorer.recovery.newest(job.id)
        assert newest is not None
        assert newest.sequence == job.work.sequence + 4
        for key in keys:
            await cs.line.media.blobs.put(key, b"{}", "application/json")
        assert await cs.restorer.recovery.newest(job.id) is None
        await cs.line.media.blobs.put(workspace_key(job.workspace), b"{}", "application/json")
    made = books.takes[TakeStatus.SUCCEEDED]
    async with opened(tmp_path, other) as cs:
        told = {each.job: each.problem async for each in cs.restorer.restore()}
        async with cs.database.read() as connection:
            outputs = await outputs_of(connection, [made.id])
    assert told.pop(job.id) == ""
    [(name, problem)] = told.items()
    assert name == f"budgets of {job.workspace}"
    assert "damaged" in problem
    assert [each.asset for each in outputs[made.id]] == [made.asset]


async def test_a_newer_version_is_refused_by_name(tmp_path: Path, sqlite_url: str) -> None:
    """Nothing of it is guessed at: the job is left alone, and the message says what to do."""
    other = f"sqlite:///{tmp_path}/found.db"
    async with opened(tmp_path, sqlite_url) as cs:
        books = await written(cs)
        await cs.ledger_keeper().write_through(books.job.id)
        key = snapshot_key(books.job.id, books.job.work.sequence)
        head = json.loads(await cs.line.media.blobs.get(key))
        newer = seal({**head, "version": VERSION + 1, "written_by": "9.1.0"})
        await cs.line.media.blobs.put(key, canonical_json(newer), "application/json")
    async with opened(tmp_path, other) as cs:
        (told,) = [each async for each in cs.restorer.restore()]
        async with cs.database.read() as connection:
            assert await cs.line.jobs.store.recent(connection, LOCAL_WORKSPACE, 10) == []
        assert key in told.problem
        assert f"version {VERSION + 1}" in told.problem
        assert "callsheet 9.1.0" in told.problem
        bad = seal({"format": "callsheet recovery", "version": VERSION + 1})
        await cs.line.media.blobs.put(
            workspace_key(LOCAL_WORKSPACE), canonical_json(bad), "application/json"
        )
        with pytest.raises(SnapshotUnreadableError, match="version"):
            _ = [each async for each in cs.restorer.restore()]


async def test_what_an_older_callsheet_wrote_last_counts(tmp_path: Path, sqlite_url: str) -> None:
    """After a roll-back the public ledger is ahead of the snapshots: it is what comes back."""
    other = f"sqlite:///{tmp_path}/found.db"
    async with opened(tmp_path, sqlite_url) as cs:
        books = await written(cs)
        await cs.ledger_keeper().write_through(books.job.id)
        state = json.loads(await cs.line.media.blobs.get(state_key(books.job.id)))
        ahead = seal({**state, "version": state["version"] + 5})
        await cs.line.media.blobs.put(
            state_key(books.job.id), canonical_json(ahead), "application/json"
        )
    async with opened(tmp_path, other) as cs:
        _ = [each async for each in cs.restorer.restore()]
        async with cs.database.read() as connection:
            job = await cs.line.jobs.store.find(connection, LOCAL_WORKSPACE, books.job.id)
    assert job.work.sequence == state["version"] + 5 + 1
