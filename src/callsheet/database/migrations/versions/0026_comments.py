"""Comments on what a job made; decisions and edits know their place in the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
kind = "expand"
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "comments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("op_id", sa.Text(), nullable=False),
        sa.Column("take", sa.Text()),
        sa.Column("row", sa.BigInteger()),
        sa.Column("asset", sa.Text()),
        sa.Column("parent", sa.Text()),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("spot", sa.JSON(), nullable=False),
        sa.Column("mentions", sa.JSON(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("resolved_by", sa.Text()),
        sa.Column("resolved_at", _TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.ForeignKeyConstraint(
            ["job"], ["jobs.id"], name=op.f("fk_comments_job"), ondelete="CASCADE"
        ),
    )
    op.create_index("uq_comments_op_id", "comments", ["job", "op_id"], unique=True)
    op.create_index("ix_comments_sequence", "comments", ["job", "sequence"])
    op.add_column("decisions", sa.Column("op_id", sa.Text()))
    op.add_column("decisions", sa.Column("sequence", sa.BigInteger()))
    op.create_index("uq_decisions_op_id", "decisions", ["job", "op_id"], unique=True)
    op.add_column("manifest_operations", sa.Column("sequence", sa.BigInteger()))
