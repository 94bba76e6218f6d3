"""Takes have outputs, assets facts and lineage, shots a plan and content, jobs a manifest."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql, sqlite

revision = "0015"
down_revision = "0014"
kind = "contract"

_PAGE = 1_000
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    _outputs()
    _assets()
    _shots()
    _manifest()
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("job", sa.Text(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("take", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_decisions_job", "decisions", ["job"])
    op.create_index("ix_decisions_take", "decisions", ["take"])
    by_people = sa.text("kind = 'adjust'")
    op.create_index(
        "ix_ledger_entries_adjusted",
        "ledger_entries",
        ["workspace"],
        postgresql_where=by_people,
        sqlite_where=by_people,
    )


def _outputs() -> None:
    op.create_table(
        "take_outputs",
        sa.Column(
            "take",
            sa.Text(),
            sa.ForeignKey("takes.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
    )
    op.create_index("ix_take_outputs_asset", "take_outputs", ["asset"])
    op.execute(
        "INSERT INTO take_outputs (take, position, asset, role)"
        " SELECT id, 1, asset, 'main' FROM takes WHERE asset IS NOT NULL"
    )


def _assets() -> None:
    for name, kind in (
        ("duration_s", sa.Float()),
        ("frame_rate", sa.Float()),
        ("sample_rate", sa.Integer()),
        ("channels", sa.Integer()),
    ):
        op.add_column("assets", sa.Column(name, kind))
    op.create_table(
        "lineage",
        sa.Column("workspace", sa.Text(), primary_key=True),
        sa.Column("asset", sa.Text(), primary_key=True),
        sa.Column("relation", sa.Text(), primary_key=True),
        sa.Column("kind", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("role", sa.Text(), primary_key=True),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_lineage_name", "lineage", ["workspace", "kind", "name"])
    _told_lineage()


def _told_lineage() -> None:
    """Take over what assets say of themselves, and what takes that made something were sent."""
    made_from = sa.column("made_from", sa.JSON)
    assets = sa.table("assets", *map(_text, ("workspace", "sha256")), made_from)
    further: dict[str, list[str]] = defaultdict(list)
    for page in _pages(assets, assets.c.workspace, assets.c.sha256):
        _add_lineage(row for each in page for row in _of_asset(each))
        for take, asset in _further(page):
            further[take].append(asset)
    _add_further(further)
    names = ("id", "workspace", "asset")
    takes = sa.table("takes", *map(_text, names), sa.column("inputs", sa.JSON))
    for page in _pages(takes, takes.c.id):
        _add_lineage(row for each in page for row in _of_take(each))


def _text(name: str) -> sa.ColumnClause[str]:
    return sa.column(name, sa.Text)


def _number(name: str) -> sa.ColumnClause[int]:
    return sa.column(name, sa.Integer)


def _pages(table: sa.TableClause, *key: sa.ColumnElement[Any]) -> Iterator[Sequence[Any]]:
    """Read a table page by page, in order of a key."""
    query = sa.select(table).order_by(*key).limit(_PAGE)
    page = op.get_bind().execute(query).all()
    while page:
        yield page
        last = tuple(getattr(page[-1], column.name) for column in key)
        page = op.get_bind().execute(query.where(sa.tuple_(*key) > sa.tuple_(*last))).all()


def _further(page: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Find files that came with what a take made, beside the one that it stands for."""
    made_by = [(each.sha256, (each.made_from or {}).get("take", "")) for each in page]
    takes = sa.table("takes", _text("id"), _text("asset"))
    names = sorted({take for _, take in made_by if take})
    query = sa.select(takes).where(takes.c.id.in_(names), takes.c.asset.is_not(None))
    stands_for = {row.id: row.asset for row in op.get_bind().execute(query)}
    for asset, take in made_by:
        if take in stands_for and stands_for[take] != asset:
            yield take, asset


def _add_further(further: Mapping[str, Sequence[str]]) -> None:
    outputs = sa.table(
        "take_outputs", _text("take"), _number("position"), _text("asset"), _text("role")
    )
    rows = [
        {"take": take, "position": position, "asset": asset, "role": "further"}
        for take, assets in further.items()
        for position, asset in enumerate(assets, start=2)
    ]
    if rows:
        op.get_bind().execute(sa.insert(outputs), rows)


def _of_asset(asset: Any) -> Iterator[tuple[str, ...]]:
    made_from = asset.made_from or {}
    if made_from.get("take"):
        yield asset.workspace, asset.sha256, "made_from", "take", made_from["take"], "output"
    if made_from.get("reference"):
        source = made_from["reference"]
        yield asset.workspace, asset.sha256, "made_from", "reference", source, "fetched"


def _of_take(take: Any) -> Iterator[tuple[str, ...]]:
    if take.asset:
        yield take.workspace, take.asset, "made_from", "take", take.id, "output"
    for each in (take.inputs or {}).get("references") or () if take.asset else ():
        if isinstance(each, dict) and each.get("sha256"):
            used, mode = each["sha256"], str(each.get("mode", ""))
            yield take.workspace, take.asset, "made_from", "asset", used, mode
            yield take.workspace, used, "used_as", "take", take.id, mode


def _add_lineage(rows: Iterable[tuple[str, ...]]) -> None:
    names = ("workspace", "asset", "relation", "kind", "name", "role")
    lineage = sa.table("lineage", *map(_text, names), sa.column("at", TIME))
    now = datetime.now(UTC)
    new = [{**dict(zip(names, row, strict=True)), "at": now} for row in sorted(set(rows))]
    if not new:
        return
    insert = sqlite.insert if op.get_bind().dialect.name == "sqlite" else postgresql.insert
    op.get_bind().execute(insert(lineage).on_conflict_do_nothing(), new)


def _shots() -> None:
    op.add_column("shots", sa.Column("order_key", sa.Text()))
    op.add_column("shots", sa.Column("duration_s", sa.Float()))
    op.add_column("shots", sa.Column("depends_on", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column(
        "shots", sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("takes", sa.Column("content_digest", sa.Text()))
    _digest_contents()


def _digest_contents() -> None:
    """Digest what each take was to show: until today no shot could change after it was asked."""
    texts, numbers = map(_text, ("job", "prompt")), map(_number, ("row", "width", "height"))
    documents = (sa.column(name, sa.JSON) for name in ("references", "inputs"))
    shots = sa.table("shots", *texts, *numbers, *documents)
    takes = sa.table("takes", _text("job"), _number("row"), _text("content_digest"))
    update = (
        sa.update(takes)
        .where(
            takes.c.job == sa.bindparam("of_job", type_=sa.Text),
            takes.c.row == sa.bindparam("of_row", type_=sa.Integer),
        )
        .values(content_digest=sa.bindparam("digest", type_=sa.Text))
    )
    for page in _pages(shots, shots.c.job, shots.c.row):
        rows = [{"of_job": each.job, "of_row": each.row, "digest": _content(each)} for each in page]
        op.get_bind().execute(update, rows)


def _content(shot: Any) -> str:
    """Digest what a shot shows, as version 1 of callsheet.jobs.content has it."""
    references = [
        {"sha256": each.get("sha256"), "mode": each.get("mode")} for each in shot.references or ()
    ]
    inputs = {name: value for name, value in (shot.inputs or {}).items() if name != "seed"}
    told = {
        "prompt": shot.prompt,
        "width": shot.width,
        "height": shot.height,
        "duration_s": None,
        "references": references,
        "inputs": inputs,
        "upstream": [],
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _manifest() -> None:
    op.add_column(
        "jobs",
        sa.Column("manifest_revision", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_table(
        "scenes",
        sa.Column("job", sa.Text(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False, server_default=""),
        sa.Column("order_key", sa.Text()),
        sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "manifest_operations",
        sa.Column("job", sa.Text(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("op_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("base_revision", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index(
        "uq_manifest_operations_op_id", "manifest_operations", ["job", "op_id"], unique=True
    )
    op.create_index(
        "ix_manifest_operations_field",
        "manifest_operations",
        ["job", "entity", "field", "revision"],
    )
    op.create_table(
        "manifest_snapshots",
        sa.Column("job", sa.Text(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
