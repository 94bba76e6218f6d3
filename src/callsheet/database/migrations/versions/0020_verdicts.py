"""What quality gates found in files, and what they decided about takes."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
kind = "expand"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "verdicts",
        sa.Column("take", sa.Text(), primary_key=True),
        sa.Column("gate", sa.Text(), primary_key=True),
        sa.Column("job", sa.Text(), sa.ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
        sa.Column("asset", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("observations", sa.JSON(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("retake", sa.Text()),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_verdicts_job", "verdicts", ["job"])
    op.create_table(
        "examinations",
        sa.Column("workspace", sa.Text(), primary_key=True),
        sa.Column("asset", sa.Text(), primary_key=True),
        sa.Column("rules", sa.Text(), primary_key=True),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
    )
