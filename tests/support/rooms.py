"""Rooms' values to write down, and a database with every room's tables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from callsheet.catalog.registry import FolderCatalog
from callsheet.database.connections import SqlDatabase
from callsheet.intake.model import RunMode
from callsheet.jobs.model import (
    AskedReference,
    Cost,
    Counts,
    Job,
    JobKind,
    JobStatus,
    JobTimes,
    Shot,
    ShotStatus,
    Tally,
)
from callsheet.kernel.digests import sha256_of
from callsheet.kernel.ids import JobId, TakeId, WorkspaceId, new_id
from callsheet.kernel.money import Money
from callsheet.ports.models import Kind
from callsheet.takes.model import Digests, Place, Take, TakeStatus, Times

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

V = TypeVar("V", bound="DataclassInstance")

NOW = datetime(2026, 3, 1, 12, 30, 15, 123456, UTC)
ELSEWHERE = timezone(timedelta(hours=5, minutes=45))  # Kathmandu: no whole hours
LONG_TEXT = "雨の中の灯台 🏮 \u202eabc\u202c e\u0301 'quoted' \"twice\" \\ %s {x} \t" * 20
BIG = 9_007_199_254_740_993  # 2**53 + 1: a float would lose its last digit
WORKSPACE = WorkspaceId("local")
CATALOG = FolderCatalog()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[SqlDatabase]:
    """Open a database that has its tables."""
    database = SqlDatabase(url)
    try:
        yield database
    finally:
        await database.close()


def altered(value: V, **more: Any) -> V:
    """Replace fields of a value, and of the values it consists of, by their plain names."""
    own = {each.name: getattr(value, each.name) for each in fields(value)}
    parts = {name: part for name, part in own.items() if is_dataclass(part)}
    changed: dict[str, Any] = {}
    for name, new in more.items():
        if name in own:
            changed[name] = new
            continue
        (where,) = (each for each, part in parts.items() if hasattr(part, name))
        changed[where] = replace(changed.get(where, parts[where]), **{name: new})
    return replace(value, **changed)


def flat(value: "DataclassInstance") -> dict[str, Any]:
    """Tell a value's fields, and those of the values it consists of, by `part.field`."""
    told: dict[str, Any] = {}
    for name in [each.name for each in fields(value)]:
        part = getattr(value, name)
        inner = flat(part) if is_dataclass(part) and not isinstance(part, type) else {}
        told |= {f"{name}.{each}": found for each, found in inner.items()} or {name: part}
    return told


def a_job(**more: Any) -> Job:
    """Word a plain job of one row."""
    plain = Job(
        id=JobId(new_id("job")),
        workspace=WORKSPACE,
        kind=JobKind.BATCH,
        name="launch",
        run_mode=RunMode.DRY_RUN,
        tally=Tally(rows=1),
        cost=Cost(),
        times=JobTimes(created_at=NOW, updated_at=NOW),
    )
    return altered(plain, **more)


def a_full_job() -> Job:
    """Word a job in which no field has its default."""
    return a_job(
        workspace=WorkspaceId("agency-Ü"),
        kind=JobKind.SINGLE,
        name=LONG_TEXT,
        run_mode=RunMode.LIVE,
        rows=100_000,
        failed_rows=3,
        status=JobStatus.PARTIAL,
        takes=Counts(1, 2, 3, 4, 5, 6),
        quoted=Money(BIG),
        held=Money(BIG + 1),
        charged=Money(-BIG),
        sequence=BIG,
        round=7,
        paused=True,
        references={"uses": 5, "alike": [{"a": "é", "distance": 0.25}], "none": None},
        settings={"columns": ["Prompt", "Größe", ""], "out": "/tmp/ä b"},  # noqa: S108  # a name
        problem={"code": "paused", "message": "it's “paused”", "value": None},
        created_at=NOW.astimezone(ELSEWHERE),
        started_at=NOW + timedelta(seconds=1),
        updated_at=NOW + timedelta(microseconds=1),
        finished_at=NOW + timedelta(days=3_000),
        ledger_version=BIG - 1,
        asked=sha256_of(b"a sheet"),
        manifest_revision=BIG - 2,
    )


def a_shot(job: Job, row: int = 1, **more: Any) -> Shot:
    """Word a plain row of a job."""
    plain = Shot(
        job=job.id,
        row=row,
        scene_id=f"S{row}",
        prompt="a red boat",
        model="local/dot",
        width=256,
        height=256,
        variants=1,
    )
    return altered(plain, **more)


def a_full_shot(job: Job) -> Shot:
    """Word a row in which no field has its default."""
    return a_shot(
        job,
        row=99_999,
        scene_id="第一幕 🎬",
        prompt=LONG_TEXT,
        model="local/storyboard",
        width=4_096,
        height=512,
        variants=100,
        status=ShotStatus.PARTIAL,
        quoted=Money(BIG),
        asked=(AskedReference("https://x.test/ä.png", "x.test/ä.png", "style_only"),),
        kept=({"sha256": "a" * 64, "working": "b" * 64, "mode": "product"},),
        dropped=({"source": "é.png", "mode": "subject", "reason": "same_pixels"},),
        extra={"Größe": "XL", "leer": "", "日本": "=1+1"},
        inputs={"duration_s": 10, "audio": True, "style": "Öl", "points": [0.5, None]},
        error={"code": "x", "message": "naïve", "next_step": "stop", "value": None},
        order_key="Zz9",
        duration_s=2.5,
        depends_on=(3, 1),
        removed=True,
    )


def a_take(job: Job, row: int = 1, variant: int = 1, attempt: int = 1, **more: Any) -> Take:
    """Word a plain take of a job."""
    plain = Take(
        id=TakeId(new_id("tk")),
        workspace=job.workspace,
        place=Place(job.id, row, variant, attempt),
        model="local/dot",
        provider="local",
        inputs={"prompt": "x"},
        digests=Digests(inputs=sha256_of(b"x")),
        price=Money(),
        times=Times(created_at=NOW),
    )
    return altered(plain, **more)


def a_full_take(job: Job) -> Take:
    """Word a take in which no field has its default."""
    return a_take(
        job,
        row=99_999,
        variant=100,
        attempt=12,
        model="runware/flux-schnell",
        provider="runware",
        inputs={"prompt": LONG_TEXT, "seed": 2**32 - 1, "cfg": 7.5, "none": None, "of": [1, {}]},
        digests=Digests(sha256_of(b"inputs"), sha256_of(b"content")),
        price=Money(BIG),
        status=TakeStatus.FAILED,
        epoch=2**31 - 1,
        charged=Money(BIG - 1),
        asset=sha256_of(b"asset"),
        error={"code": "é", "message": LONG_TEXT, "value": None},
        created_at=NOW.astimezone(ELSEWHERE),
        ordered_at=NOW + timedelta(microseconds=1),
        finished_at=NOW - timedelta(days=20_000),
        ticket="wd72mvk5vpel6elyuk3arf5x5d",
        order_digest=sha256_of(b"order"),
        held_on="2026-02-03",
        holds=3,
        due_at=1_795_228_710.379265,
        claimed_by="host|pid:[4026531836]|77|0a1b2c3d",
        looks=4,
        tries=5,
        cancel_asked=True,
        outputs={"urls": ["https://x.test/ä.png"], "cost": None},
        running_at=NOW + timedelta(seconds=2),
        adopting_at=NOW + timedelta(seconds=3),
        use=Kind.IMAGE_TO_VIDEO,
        order_no=6,
        misses=7,
        missed_at=1_795_228_710.5,
        note="ordered 1x1, came 2x2",
    )


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: datetime = field(default=NOW)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def forward(self, **by: float) -> None:
        """Let time pass."""
        self.now += timedelta(**by)
