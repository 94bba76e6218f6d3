"""Prices that a person took over from a provider's own list."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
kind = "expand"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "price_overrides",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("card_micros", sa.BigInteger(), nullable=False),
        sa.Column("told_micros", sa.BigInteger(), nullable=False),
        sa.Column("smallest_micros", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_price_overrides"),
    )
