"""What was put to the judge about takes, and what it said."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
kind = "expand"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "judgings",
        sa.Column("take", sa.Text(), primary_key=True),
        sa.Column("model", sa.Text(), primary_key=True),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("decision", sa.Text()),
        sa.Column("because", sa.Text()),
        sa.Column("scores", sa.JSON()),
        sa.Column("spread", sa.JSON()),
        sa.Column("failed", sa.JSON()),
        sa.Column("wrong", sa.JSON()),
        sa.Column("at", TIME, nullable=False),
    )
    asked = sa.text("row = 0")
    op.create_index(
        "ix_takes_asked",
        "takes",
        ["workspace", "inputs_digest"],
        postgresql_where=asked,
        sqlite_where=asked,
    )
    op.create_index("ix_judgings_job", "judgings", ["job"])
    op.create_index("ix_judgings_workspace", "judgings", ["workspace", "model"])
