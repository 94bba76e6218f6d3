"""Rows set inputs of their models: by name, as JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.add_column("shots", sa.Column("inputs", sa.JSON(), nullable=False, server_default="{}"))
