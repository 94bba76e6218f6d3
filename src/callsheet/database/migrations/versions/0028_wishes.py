"""Wishes of clients that repeat a request when its answer is lost."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
kind = "expand"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "wishes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("credential", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishes")),
    )
    op.create_index(op.f("ix_wishes_changed_at"), "wishes", ["changed_at"])
    op.create_index("ix_wishes_twins", "wishes", ["credential", "path", "digest"])
    op.create_index("uq_wishes_key", "wishes", ["credential", "path", "key"], unique=True)
