"""Money: the ledger's entries, what is committed, budgets."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "ledger_entries",
        sa.Column("posting", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=True),
        sa.Column("take", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("posting", "account", name=op.f("pk_ledger_entries")),
    )
    op.create_index(op.f("ix_ledger_entries_workspace_at"), "ledger_entries", ["workspace", "at"])
    op.create_index(op.f("ix_ledger_entries_take"), "ledger_entries", ["take"])
    op.create_index(op.f("ix_ledger_entries_job"), "ledger_entries", ["job"])
    op.create_table(
        "commitments",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("workspace", "scope", "key", name=op.f("pk_commitments")),
    )
    op.create_table(
        "budgets",
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "scope", "key", name=op.f("pk_budgets")),
    )
