"""Assets may be texts: how one begins is told wherever the picture of another is shown."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.add_column("assets", sa.Column("beginning", sa.Text(), nullable=True))
