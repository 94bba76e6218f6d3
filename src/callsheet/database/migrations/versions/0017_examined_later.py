"""Pictures may be stored before they are examined; those that prove unreadable say so."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.add_column("assets", sa.Column("examine_at", sa.Float()))
    op.add_column("assets", sa.Column("unreadable", sa.Text()))
    open_ones = sa.text("examine_at IS NOT NULL")
    op.create_index(
        "ix_assets_to_examine",
        "assets",
        ["examine_at"],
        postgresql_where=open_ones,
        sqlite_where=open_ones,
    )
