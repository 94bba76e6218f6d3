"""Hosted takes: tickets, claims and outputs; webhooks, uploads and providers' doors."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
kind = "contract"

_TO_ORDER = "due_at IS NOT NULL AND status IN ('quoted', 'held')"
_TO_LOOK_AT = "due_at IS NOT NULL AND status IN ('ordered', 'in_doubt', 'running', 'adopting')"


def upgrade() -> None:
    """Go forward."""
    _widen_takes()
    op.create_table(
        "provider_doors",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("resting_until", sa.Float(), server_default="0", nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("key_print", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("provider", name=op.f("pk_provider_doors")),
    )
    op.create_table(
        "provider_uploads",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "sha256", name=op.f("pk_provider_uploads")),
    )
    op.create_table(
        "webhooks",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("take", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("provider", "id", name=op.f("pk_webhooks")),
    )
    op.create_index(op.f("ix_webhooks_received_at"), "webhooks", ["received_at"])
    op.create_index(op.f("ix_webhooks_take"), "webhooks", ["take"])


def _widen_takes() -> None:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("order_digest", sa.Text(), nullable=True),
        sa.Column("held_on", sa.Text(), nullable=True),
        sa.Column("holds", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rank", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.Float(), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cancel_asked", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("outputs", sa.JSON(), nullable=True),
        sa.Column("running_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("adopting_at", sa.DateTime(timezone=True), nullable=True),
    )
    for column in columns:
        op.add_column("takes", column)
    _index("ix_takes_provider_ticket", ["provider", "ticket"], "ticket IS NOT NULL", unique=True)
    _index("ix_takes_to_order", ["provider", "rank", "due_at"], _TO_ORDER)
    _index("ix_takes_to_look_at", ["due_at"], _TO_LOOK_AT)
    _index("ix_takes_claimed_by", ["claimed_by"], "claimed_by IS NOT NULL")
    _index("ix_takes_provider_ordered", ["provider", "ordered_at"], "order_digest IS NOT NULL")


def _index(name: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    op.create_index(
        name,
        "takes",
        columns,
        unique=unique,
        postgresql_where=sa.text(condition),
        sqlite_where=sa.text(condition),
    )
