"""Takes keep what their orders are, by which their key is found when their card is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.add_column("takes", sa.Column("use", sa.Text(), nullable=False, server_default=""))
