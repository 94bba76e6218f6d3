"""Takes that are due are found by where they stand, however many others are overdue."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
kind = "contract"
_TO_LOOK_AT = "due_at IS NOT NULL AND status IN ('ordered', 'in_doubt', 'running', 'adopting')"


def upgrade() -> None:
    """Go forward."""
    where = sa.text(_TO_LOOK_AT)
    op.drop_index("ix_takes_to_look_at", "takes")
    op.create_index(
        "ix_takes_to_look_at",
        "takes",
        ["status", "due_at"],
        postgresql_where=where,
        sqlite_where=where,
    )
