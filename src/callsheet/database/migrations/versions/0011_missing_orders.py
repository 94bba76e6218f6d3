"""Orders that were taken for never made are remembered while the provider could still show them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "missing_orders",
        sa.Column("take", sa.Text(), primary_key=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("until", sa.Float(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
    )
    op.create_index("ix_missing_orders_due_at", "missing_orders", ["due_at"])
