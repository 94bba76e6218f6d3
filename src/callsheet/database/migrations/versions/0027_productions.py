"""Productions: briefs, plans and films."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
kind = "expand"


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "productions",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("brief", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("remarks", sa.JSON(), nullable=False),
        sa.Column("spoken", sa.JSON(), nullable=False),
        sa.Column("film", sa.JSON()),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_productions")),
        sa.ForeignKeyConstraint(
            ["job"], ["jobs.id"], name=op.f("fk_productions_job"), ondelete="CASCADE"
        ),
    )
