"""What was ordered before is found by what was asked."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
kind = "expand"


def upgrade() -> None:
    """Go forward."""
    made = sa.text("status = 'succeeded' AND asset IS NOT NULL")
    op.create_index(
        "ix_takes_equal_orders",
        "takes",
        ["workspace", "inputs_digest"],
        postgresql_where=made,
        sqlite_where=made,
    )
