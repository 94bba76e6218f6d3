"""Keys that ever were go on counting when they are revoked, until somebody opens the server."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
kind = "contract"


def upgrade() -> None:
    """Go forward."""
    op.add_column("api_keys", sa.Column("opened_at", sa.DateTime(timezone=True)))
