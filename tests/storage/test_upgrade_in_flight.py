"""A database of the version before is brought up to date with jobs in flight, and they end."""

import asyncio
import importlib.resources
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from callsheet.assets.lineage import Kind, Relation, lineage_of
from callsheet.database.connections import parse_url, sync_engine
from callsheet.jobs.content import content_digest
from callsheet.jobs.model import DONE, Job, JobStatus
from callsheet.kernel.digests import Sha256, digest_of, sha256_of
from callsheet.kernel.ids import LOCAL_WORKSPACE, JobId, new_id
from callsheet.ports.models import Catalog
from callsheet.takes.model import Take, TakeStatus
from callsheet.takes.outputs import OutputRole, outputs_of
from callsheet.takes.tables import take_of
from callsheet.wiring import Callsheet
from tests.support.hosted import IMAGE, KEY, Simulator, check_money, simulating
from tests.support.in_process import working
from tests.support.processes import Place
from tests.support.rooms import CATALOG

BEFORE: Final = "0014"
CARD: Final = CATALOG.card(IMAGE)
PICTURE, FURTHER = sha256_of(b"a picture"), sha256_of(b"came with it")
REFERENCE = sha256_of(b"a reference")
S = TakeStatus
HELD: Final = (S.HELD, S.ORDERED, S.IN_DOUBT, S.RUNNING, S.ADOPTING)
# what was really sent, and what the provider has therefore
SENT: Final = (S.ORDERED, S.RUNNING, S.ADOPTING, S.SUCCEEDED)
KNOWN: Final = (S.RUNNING, S.ADOPTING, S.SUCCEEDED)


class OldDatabase:
    """A database as the version before made it, written with its own tables."""

    def __init__(self, connection: sa.Connection) -> None:
        config = Config()
        folder = importlib.resources.files("callsheet.database.migrations")
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        self.connection, self.tables = connection, sa.MetaData()
        self.tables.reflect(connection)
        self.now = datetime.now(UTC)
        self.day = self.now.date().isoformat()

    def add(self, table: str, **values: Any) -> None:
        """Write one row."""
        self.connection.execute(sa.insert(self.tables.tables[table]), values)

    def add_job(self, **more: Any) -> str:
        """Write a job."""
        job = new_id("job")
        plain: dict[str, Any] = {"workspace": LOCAL_WORKSPACE, "kind": "batch", "name": "old"}
        plain |= {"status": "running", "stage": "render", "reference_counts": {}, "settings": {}}
        times = {"created_at": self.now, "started_at": self.now, "updated_at": self.now}
        self.add("jobs", id=job, **{**plain, **times, **more})
        return job

    def add_row(self, job: str, row: int, prompt: str, model: str, **more: Any) -> None:
        """Write a shot."""
        plain: dict[str, Any] = {"scene_id": f"S{row}", "width": 256, "height": 256, "variants": 1}
        plain |= {"status": "running", "quoted": 0, "asked": [], "references": [], "dropped": []}
        plain |= {"extra": {}, "inputs": {}}
        self.add("shots", job=job, row=row, prompt=prompt, model=model, **{**plain, **more})

    def add_take(self, job: str, row: int, inputs: dict[str, Any], **more: Any) -> str:
        """Write a take."""
        take = new_id("tk")
        plain: dict[str, Any] = {"workspace": LOCAL_WORKSPACE, "variant": 1, "attempt": 1}
        plain |= {"price": 0, "created_at": self.now, "inputs_digest": digest_of(inputs)}
        self.add("takes", id=take, job=job, row=row, inputs=inputs, **{**plain, **more})
        return take

    def post(self, posting: str, take: str, job: str, sides: dict[str, int]) -> None:
        """Write one posting's two entries."""
        for account, amount in sides.items():
            self.add(
                "ledger_entries",
                posting=posting,
                account=account,
                workspace=LOCAL_WORKSPACE,
                amount=amount,
                kind=posting.partition(":")[0],
                job=job,
                take=take,
                model=IMAGE,
                provider="replicate",
                day=self.day,
                at=self.now,
            )


def ordered(sim: Simulator, payload: dict[str, Any]) -> dict[str, Any]:
    """Order at the provider what a take says, as the version before did."""
    answer = sim.http.post(
        f"/v1/models/{payload['model']}/predictions",
        json={"input": payload["input"]},
        headers={"Authorization": f"Bearer {KEY}"},
    )
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    while told["status"] not in ("succeeded", "failed"):
        address = f"/v1/predictions/{told['id']}"
        told = sim.http.get(address, headers={"Authorization": f"Bearer {KEY}"}).json()
    return told


def add_live(old: OldDatabase, sim: Simulator) -> str:
    """Write a live job at RENDER with a hosted take in every state, and its money."""
    states = [status for status in S if status is not S.CANCELLED]
    counts = {"queued": 2, "running": 3, "in_doubt": 1, "succeeded": 1, "failed": 1}
    valid = CARD.inputs.model_validate({"prompt": "x", "width": 256, "height": 256, "seed": 1})
    price = CARD.price(valid).micros
    money = {"quoted": price * len(states), "held": price * len(HELD), "charged": price}
    job = old.add_job(run_mode="live", rows=len(states), **counts, **money)
    for row, status in enumerate(states, start=1):
        prompt = f"frame {row}"
        form = {"prompt": prompt, "width": 256, "height": 256, "seed": row}
        asked = CARD.inputs.model_validate(form)
        payload, inputs = dict(CARD.payload(asked)), asked.model_dump(mode="json")
        references = []
        if status is S.SUCCEEDED:
            references = [{"sha256": REFERENCE, "working": REFERENCE, "mode": "style_only"}]
            inputs["references"] = references
        old.add_row(job, row, prompt, IMAGE, references=references, quoted=price)
        told = ordered(sim, payload) if status in SENT else {}
        before = old.now - timedelta(seconds=60)
        take = old.add_take(
            job,
            row,
            inputs,
            model=IMAGE,
            provider="replicate",
            use=str(CARD.use(inputs)),
            status=status,
            price=price,
            epoch=3,
            charged=price if status is S.SUCCEEDED else 0,
            asset=PICTURE if status is S.SUCCEEDED else None,
            error={"code": "refused", "message": "no"} if status is S.FAILED else None,
            ordered_at=before if status in (*SENT, S.IN_DOUBT) else None,
            running_at=before if status in KNOWN else None,
            adopting_at=before if status in (S.ADOPTING, S.SUCCEEDED) else None,
            finished_at=before if status in (S.SUCCEEDED, S.FAILED) else None,
            ticket=told["id"] if status in KNOWN else None,
            order_digest=digest_of(payload) if status in (*SENT, S.IN_DOUBT) else None,
            order_no=1 if status in (*SENT, S.IN_DOUBT) else 0,
            outputs={"urls": list(told["output"]), "cost": None}
            if status in (S.ADOPTING, S.SUCCEEDED)
            else None,
            held_on=old.day if status in HELD else None,
            holds=1 if status in (*HELD, S.SUCCEEDED) else 0,
            due_at=None if status in (S.SUCCEEDED, S.FAILED) else before.timestamp(),
        )
        if status in (*HELD, S.SUCCEEDED):
            old.post(f"hold:{take}:1", take, job, {"funds": -price, "held": price})
        if status is S.SUCCEEDED:
            old.post(f"charge:{take}", take, job, {"held": -price, "spent": price})
            old.add(
                "assets",
                workspace=LOCAL_WORKSPACE,
                sha256=PICTURE,
                media_type="image/png",
                size=9,
                made_from={"take": take, "model": IMAGE, "ticket": told["id"]},
                thumbnail=False,
                created_at=old.now,
            )
            came_with = {"take": take, "model": IMAGE, "ticket": told["id"]}
            old.add(
                "assets",
                workspace=LOCAL_WORKSPACE,
                sha256=FURTHER,
                media_type="image/png",
                size=9,
                made_from=came_with,
                thumbnail=False,
                created_at=old.now,
            )
    committed = price * (len(HELD) + 1)
    for scope, key in (("all", ""), ("day", old.day), ("job", job)):
        old.add("commitments", workspace=LOCAL_WORKSPACE, scope=scope, key=key, amount=committed)
    return job


def add_resting(old: OldDatabase) -> str:
    """Write a dry run that rests at RENDER, with takes of the local studio under way."""
    problem = {"code": "paused", "message": "paused"}
    job = old.add_job(
        run_mode="dry_run",
        rows=2,
        queued=1,
        running=1,
        paused=True,
        status="waiting",
        problem=problem,
    )
    for row, status in enumerate((S.QUOTED, S.ORDERED), start=1):
        old.add_row(job, row, f"a dot {row}", "local/dot")
        inputs = {"prompt": f"a dot {row}"}
        old.add_take(job, row, inputs, model="local/dot", provider="local", status=status)
    return job


async def ended(cs: Callsheet, job_id: str) -> Job:
    """Wait until a job has been delivered."""
    async with asyncio.timeout(90):
        while True:
            async with cs.database.read() as connection:
                job = await cs.line.jobs.store.of_any_workspace(connection, JobId(job_id))
            if job.work.stage == DONE:
                return job
            await asyncio.sleep(0.1)


async def takes_of(cs: Callsheet, job: Job) -> list[Take]:
    """Read all takes of a job, with all that is known of them."""
    async with cs.database.read() as connection:
        rows = await cs.line.books.takes.rows_between(connection, job.id, 1, 1_000)
        return [take_of(row._mapping) for row in rows]


async def test_jobs_in_flight_end_after_the_upgrade(
    tmp_path: Path, empty_database_url: str
) -> None:
    """Every state goes on from where it stood, nothing is ordered twice, and all is told of it."""
    with simulating(tmp_path) as sim:
        engine = sync_engine(parse_url(empty_database_url))
        with engine.begin() as connection:
            old = OldDatabase(connection)
            live, resting = add_live(old, sim), add_resting(old)
        engine.dispose()
        async with working(tmp_path, sim, _as_it_is, empty_database_url) as cs:
            await cs.control.resume(LOCAL_WORKSPACE, JobId(resting))
            assert (await ended(cs, resting)).status is JobStatus.SUCCEEDED
            job = await ended(cs, live)
            assert job.status is JobStatus.PARTIAL
            assert (job.tally.takes.succeeded, job.tally.takes.failed) == (7, 1)
            await check_told(cs, job)
        check_money(Place(tmp_path, empty_database_url), sim, 7)


def _as_it_is(catalog: Catalog) -> Catalog:
    return catalog


async def check_told(cs: Callsheet, job: Job) -> None:
    """Check that old takes and new ones have outputs, contents and lineage alike."""
    takes = await takes_of(cs, job)
    async with cs.database.read() as connection:
        outputs = await outputs_of(connection, [take.id for take in takes])
        shots = {shot.row: shot for shot in await cs.line.jobs.store.shots(connection, job.id)}
        made: list[Sha256] = [take.asset for take in takes if take.asset]
        facts = await lineage_of(connection, job.workspace, [*made, REFERENCE])
    for take in takes:
        told = [(each.position, each.asset, each.role) for each in outputs.get(take.id, [])]
        wanted = [(1, take.asset, OutputRole.MAIN)] if take.asset else []
        wanted += [(2, FURTHER, OutputRole.FURTHER)] if take.asset == PICTURE else []
        assert told == wanted
        assert take.digests.content == content_digest(shots[take.row])
        if take.asset:
            assert (take.asset, Relation.MADE_FROM, Kind.TAKE, take.id, "output") in {
                (each.asset, each.relation, each.kind, each.name, each.role) for each in facts
            }
    [old] = [take for take in takes if take.asset == PICTURE]
    told_of_old = {
        (each.asset, each.relation, each.kind, each.name, each.role)
        for each in facts
        if each.kind is not Kind.TAKE or each.relation is Relation.USED_AS
    }
    assert told_of_old == {
        (PICTURE, Relation.MADE_FROM, Kind.ASSET, REFERENCE, "style_only"),
        (REFERENCE, Relation.USED_AS, Kind.TAKE, old.id, "style_only"),
    }
