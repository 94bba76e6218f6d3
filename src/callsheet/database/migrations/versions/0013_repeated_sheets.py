"""A job knows what was asked for by digest, so that the same sheet is recognised."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.add_column("jobs", sa.Column("asked", sa.Text()))
    where = sa.text("asked IS NOT NULL")
    op.create_index(
        "ix_jobs_asked",
        "jobs",
        ["workspace", "asked"],
        postgresql_where=where,
        sqlite_where=where,
    )
