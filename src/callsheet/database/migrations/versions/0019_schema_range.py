"""The schema says which releases can use it, so that an older one within range goes on."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
kind = "contract"


def upgrade() -> None:
    """Go forward; whoever migrates writes the row."""
    op.create_table("schema_range", sa.Column("oldest", sa.Text(), primary_key=True))
