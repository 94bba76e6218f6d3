"""Assets have the pixels that they really have, and takes a note of what is odd about them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.add_column("assets", sa.Column("width", sa.Integer()))
    op.add_column("assets", sa.Column("height", sa.Integer()))
    op.add_column(
        "assets", sa.Column("thumbnail", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("takes", sa.Column("note", sa.Text()))
